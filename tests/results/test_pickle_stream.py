import pickle
import pickletools
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tracker_service.results.pickle_stream import PickleStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=12,
)


def streamed(items: dict[str, Any]) -> bytes:
    output = bytearray()
    stream = PickleStream(output.extend)
    for key, value in items.items():
        stream.add(key, value)
    stream.finish()
    return bytes(output)


def loaded(data: bytes) -> Any:
    return pickle.loads(zlib.decompress(data))  # noqa: S301 - just written


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_reader_gets_the_same_dict(items: dict[str, Any]) -> None:
    read = loaded(streamed(items))

    assert read == items
    assert list(read) == list(items)


@given(
    arrays.arrays(
        dtype=st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
        shape=arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
def test_arrays_come_back_with_type_shape_and_values(array: np.ndarray[Any, np.dtype[Any]]) -> None:
    read = loaded(streamed({"plain": array, "column order": np.array(array, order="F")}))

    for value in read.values():
        assert (value.dtype, value.shape, value.flags.writeable) == (array.dtype, array.shape, True)
        np.testing.assert_array_equal(value, array)


def test_scalars_keep_their_type() -> None:
    read = loaded(streamed({"a": np.float32(0.1), "b": np.int64(7)}))

    assert (type(read["a"]), type(read["b"])) == (np.float32, np.int64)
    assert (read["a"], read["b"]) == (np.float32(0.1), 7)


def test_references_inside_an_item_do_not_reach_into_others() -> None:
    shared = np.arange(3)
    items = {str(key): [shared, np.full(2, key), shared] for key in range(20)}

    read = loaded(streamed(items))

    for key, value in read.items():
        assert value[0] is value[2]
        np.testing.assert_array_equal(value[1], np.full(2, int(key)))


def test_only_public_numpy_names_are_used() -> None:
    program = zlib.decompress(streamed({"a": [np.zeros(2, np.float32), np.float32(1), np.int64(1)]}))

    names = {argument for opcode, argument, _ in pickletools.genops(program) if opcode.name == "GLOBAL"}

    assert names == {"numpy ndarray", "numpy dtype", "numpy float32", "numpy int64"}


def test_level_of_compression_is_the_originals() -> None:
    assert streamed({"a": 1})[:2] == zlib.compress(b"", 3)[:2]


def test_unfinished_stream_is_not_a_pickle() -> None:
    output = bytearray()
    PickleStream(output.extend).add("a", 1)

    with pytest.raises(zlib.error):
        loaded(bytes(output))


def test_memory_does_not_grow_with_the_items() -> None:
    stream = PickleStream(lambda _: None)
    random = np.random.default_rng(0)

    def add(number: int) -> None:
        stream.add(str(number), {"pose": random.normal(size=229), "names": [str(number), "x"], "id": np.int64(number)})

    for number in range(200):
        add(number)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(1000):
        add(number)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # One item holds 1.8 kB of numbers; the buffer of compressed bytes may hold a quarter of a MiB.
    assert after - before < 600_000
