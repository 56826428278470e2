"""TensorFlow Lite models to ONNX: as many operators as BlazePose needs, without TensorFlow."""
