"""Networks of other frameworks as ONNX graphs."""
