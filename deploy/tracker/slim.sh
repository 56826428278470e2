#!/bin/sh
# Removes from a virtual environment what the running service never opens, and compiles the rest.
#
#   slim.sh VENV        needs strip (binutils)
#
# Debug symbols of extension modules go, those of the bundled shared libraries (*.libs) stay: stripping them moves their
# segments off page borders and the loader refuses them.
set -eu
packages=$(echo "$1"/lib/python3.*/site-packages)
cd "$packages"
find . -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
find . -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.cpp' -o -name '*.h' \
    -o -name '*.hpp' -o -name '*.a' \) -delete
# ONNX Runtime's Python module has the runtime in itself; the library beside it is for C programs, the rest for training.
rm -rf onnxruntime/capi/libonnxruntime.so* onnxruntime/transformers onnxruntime/tools onnxruntime/quantization \
    onnxruntime/datasets
# The image has the models in /models, where others can be mounted beside them.
rm -rf tracker_service/model_repository
# Databases nobody uses here, and SQLAlchemy's own test tools.
rm -rf sqlalchemy/dialects/mysql sqlalchemy/dialects/oracle sqlalchemy/dialects/mssql sqlalchemy/testing
find . -name '*.libs' -prune -o -type f -name '*.so*' -exec strip --strip-unneeded {} +
# The root file system is read-only, so byte code is made now or at every start; the 300 lexers are not worth it.
"$1/bin/python" -m compileall -q -x 'pygments/(lexers|styles)/' "$packages"
