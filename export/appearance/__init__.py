"""PHALP's appearance: texture sampling from the crop and the encoder of texture maps."""
