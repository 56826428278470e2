from functools import lru_cache

import numpy as np
import pytest

from tests.phalp.golden import Arrays, load
from tests.phalp.textures import encoder, encoder_weights, texture_map
from tracker_service.phalp.appearance import blend_texture, texture_distances
from tracker_service.types import Float32


@lru_cache
def golden() -> Arrays:
    return load("appearance")


@lru_cache
def maps() -> Float32:
    """The golden maps: four persons, and the complement of the first."""
    arrays = golden()
    persons = [texture_map(*seeds) for seeds in arrays["uv_seeds"].tolist()]
    hidden = persons[0][3] < 0
    complement = np.concatenate([np.where(hidden, 0.2, 0) * np.ones((3, 1, 1)), np.where(hidden, 1, -1)[None]])
    return np.stack([*persons, complement.astype(np.float32)])


def test_recipes_are_those_of_the_golden_data() -> None:
    arrays = golden()
    np.testing.assert_array_equal(maps()[0, :, 100, ::16], arrays["recipe_uv_row100"])
    weights = encoder_weights(int(arrays["encoder_seed"]))
    np.testing.assert_array_equal(weights["conv1x"][0].ravel()[:5], arrays["recipe_conv1x_weight_head"])
    np.testing.assert_array_equal(weights["conv5_1"][1], arrays["recipe_conv5_1_bias"])
    embedding = encoder(int(arrays["encoder_seed"]))(maps()[:1])
    np.testing.assert_allclose(embedding, arrays["embedding"][:1], rtol=1e-3, atol=1e-3)


def test_texture_distances_equal_golden() -> None:
    arrays = golden()
    pairs = np.array([[0, 0], *np.argwhere(np.triu(np.ones((5, 5), np.bool_), k=1)), [3, 1]])
    distances = texture_distances(
        list(maps()), maps(), pairs, encoder(int(arrays["encoder_seed"])), without_overlap=0.0
    )
    np.testing.assert_allclose(distances, arrays["texture_distance"][tuple(pairs.T)], rtol=1e-3, atol=1e-6)


def test_maps_without_overlap_get_the_given_distance_and_are_not_encoded() -> None:
    def never(_: Float32) -> Float32:
        raise AssertionError

    distances = texture_distances([maps()[0]], [maps()[4]], np.array([[0, 0]]), never, without_overlap=0.25)
    assert distances.tolist() == [0.25]


def test_pairs_are_encoded_in_few_batches_of_bounded_size() -> None:
    small = np.ones((40, 4, 2, 2), np.float32)
    batches: list[int] = []

    def encode(cut: Float32) -> Float32:
        batches.append(len(cut))
        return cut.reshape(len(cut), -1)

    pairs = np.stack([np.arange(40), np.arange(40)[::-1]], axis=1)
    assert texture_distances(list(small), small, pairs, encode, without_overlap=1.0) == pytest.approx(np.zeros(40))
    assert batches == [64, 16]


def test_moving_average_equals_golden() -> None:
    arrays = golden()
    views = [texture_map(*seeds) for seeds in arrays["ema_uv_seeds"].tolist()]
    average = views[0].copy()
    for step in range(3):
        weight = float(arrays["ema_alpha"]) * float(arrays["ema_conf"][step + 1]) ** 2
        blend_texture(average, views[step + 1], weight)
        values = average.reshape(4, -1)[:, arrays["ema_texel_index"]]
        np.testing.assert_allclose(values, arrays["ema_values"][step], atol=1e-6)
        sums = average.sum(axis=(1, 2), dtype=np.float64)
        np.testing.assert_allclose(sums, arrays["ema_channel_sums"][step], rtol=1e-5, atol=1e-2)
