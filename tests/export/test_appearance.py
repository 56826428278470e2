"""Texture maps and embeddings: golden numbers, visibility against an exact rasteriser, the exported graphs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from typer.testing import CliRunner

from export.appearance.checkpoint import encoder_tensors, load_atlas
from export.appearance.depth_map import DepthMap, Tier
from export.appearance.encoder import AppearanceEncoder
from export.appearance.texture import TextureSampler, finished
from export.body.layer import SmplLayer
from export.commands.appearance import appearance
from export.commands.appearance_encoder import appearance_encoder
from export.errors import MissingTensorError, TensorShapeError, UnexpectedTensorError
from tests.export import exact_rasteriser
from tests.export.authors_files import draw_depths_in_fewer_tiers, published_encoder, stand_in_atlas, stand_in_body
from tests.export.golden import golden
from tracker_service.inference.embedded import EmbeddedClient
from tracker_service.types import Float32


def _encoder() -> AppearanceEncoder:
    encoder = AppearanceEncoder().eval().requires_grad_(requires_grad=False)
    encoder.load_state_dict({f"layers.{name}": value for name, value in encoder_tensors(published_encoder()).items()})
    return encoder


def _texture(seeds: NDArray[np.int64]) -> Float32:
    person, noise_seed = (np.random.RandomState(int(seed)) for seed in seeds)
    colour = (2 * person.random_sample((3, 16, 16)) - 1) * 0.45
    visible = person.random_sample((16, 16)) < 0.55
    noise = (2 * noise_seed.random_sample((3, 32, 32)) - 1) * 0.05
    visible = np.kron(visible & ~(noise_seed.random_sample((16, 16)) < 0.1), np.ones((16, 16))) > 0
    image = np.kron(colour, np.ones((1, 16, 16))) + np.kron(noise, np.ones((1, 8, 8)))
    return np.concatenate([np.where(visible, image, 0), np.where(visible, 1.0, -1.0)[None]]).astype(np.float32)


def _golden_maps() -> Float32:
    maps = [_texture(seeds) for seeds in golden("appearance")["uv_seeds"]]
    other_side = np.where(maps[0][3:] > 0, 0, 0.2).repeat(3, axis=0)
    return np.stack([*maps, np.concatenate([other_side, -maps[0][3:]]).astype(np.float32)])


def test_recipes_give_the_inputs_of_the_golden_data() -> None:
    numbers = golden("appearance")
    np.testing.assert_array_equal(_golden_maps()[0][:, 100, ::16], numbers["recipe_uv_row100"])
    tensors = encoder_tensors(published_encoder())
    np.testing.assert_array_equal(tensors["conv5_1.bias"], numbers["recipe_conv5_1_bias"])


def test_embeddings_match() -> None:
    embedding = _encoder()(torch.from_numpy(_golden_maps()))
    np.testing.assert_allclose(embedding, golden("appearance")["embedding"], rtol=1e-3, atol=1e-3)


def test_finished_maps_match() -> None:
    numbers = golden("appearance")
    np.testing.assert_allclose(
        finished(torch.from_numpy(numbers["process_uv_in"])), numbers["process_uv_out"], atol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("conv4.bias", None, MissingTensorError),
        ("conv6.bias", torch.zeros(16), UnexpectedTensorError),
        ("conv1x.weight", torch.zeros(16, 3, 3, 3), TensorShapeError),
    ],
)
def test_deviating_encoder_is_refused(name: str, value: torch.Tensor | None, error: type[Exception]) -> None:
    state = published_encoder()
    if value is None:
        del state[f"hmar.encoding_head.{name}"]
    else:
        state[f"hmar.encoding_head.{name}"] = value
    with pytest.raises(error):
        encoder_tensors(state)


def _sampler() -> TextureSampler:
    return TextureSampler(stand_in_body().faces.astype(np.int64), stand_in_atlas())


def _posed(scale: float, height: float, turn: float) -> torch.Tensor:
    random = np.random.default_rng(int(100 * scale))
    rotations = Rotation.from_rotvec(random.normal(scale=0.3, size=(24, 3))).as_matrix().astype(np.float32)
    rotations[0] = Rotation.from_euler("y", turn, degrees=True).as_matrix()
    vertices = SmplLayer(stand_in_body())(torch.from_numpy(rotations)[None], torch.zeros(1, 10))[1]
    return torch.add(vertices, torch.tensor([0, height, 2 * 5000 / (256 * scale)]))


@pytest.mark.parametrize(("scale", "height", "turn"), [(0.5, 0.0, 0), (0.9, 0.1, 70), (3.0, -0.4, 30)])
def test_depth_and_visibility_agree_with_an_exact_rasteriser(scale: float, height: float, turn: float) -> None:
    points, sampler = _posed(scale, height, turn), _sampler()
    drawn, exact = (
        sampler.depth_map(points)[0].numpy(),
        exact_rasteriser.depth_map(points[0].numpy(), stand_in_body().faces),
    )
    assert ((drawn < 100) != (exact < 100)).mean() < 1e-4
    both = (drawn < 100) & (exact < 100)
    assert both.mean() > 0.02
    assert (np.abs(drawn - exact)[both] > 1e-3).mean() < 1e-4  # a pixel centre on an edge may fall to either side
    corners = sampler.texel_corners.reshape(-1, 3).numpy()
    expected = exact_rasteriser.visible(
        points[0].numpy(), stand_in_body().faces, corners, sampler.texel_weights.numpy()
    )
    seen = sampler.visibility(points)[1][0].numpy()
    assert 0.05 < expected.mean() < 0.7
    assert (seen == expected).mean() > 0.999


def test_body_farther_away_than_the_far_plane_is_not_drawn() -> None:
    points = _posed(0.38, 0.0, 0)
    assert float(points[..., 2].min()) > 100
    sampler = _sampler()
    assert bool((sampler.depth_map(points) == 100).all())
    assert not sampler.visibility(points)[1].any()


def test_nearest_of_crossing_triangles_wins_whatever_their_winding() -> None:
    near, far = (
        torch.tensor([[-1.0, -1, 40], [1, -1, 40], [0, 1, 40]]),
        torch.tensor([[-1.0, -1, 50], [1, -1, 50], [0, 1, 44]]),
    )
    for faces in ([[0, 1, 2], [3, 4, 5]], [[2, 1, 0], [3, 5, 4]]):
        depth = DepthMap(np.array(faces), (Tier(2, 256),))(torch.cat((near, far))[None])
        assert float(depth[0, 128, 128]) == pytest.approx(40)
        assert float(depth.min()) == pytest.approx(40)
        assert float(depth[0, 2, 2]) == 100


def test_colour_comes_from_where_the_surface_is_and_only_inside_the_mask() -> None:
    sampler, points = _sampler(), _posed(0.9, 0.0, 0)
    image = torch.zeros(1, 3, 256, 256)
    image[:, 0, :, :128], image[:, 1, :, 128:] = 1.0, 2.0
    uv_map = sampler(image, torch.full((1, 256, 256), 255.0), points)[0].numpy()
    alpha, red, green = uv_map[3], uv_map[0], uv_map[1]
    assert set(np.unique(alpha)) == {-1.0, 1.0}
    assert (red[alpha < 0] == 0).all()
    centre = (points[0].numpy()[stand_in_body().faces] / points[0].numpy()[stand_in_body().faces][..., 2:]).mean(1)[
        :, 0
    ] * 5000
    cells = np.where(stand_in_atlas().face >= 0, stand_in_atlas().face, 0)
    left, right = (alpha > 0) & (centre[cells] < -5), (alpha > 0) & (centre[cells] > 5)
    np.testing.assert_allclose(red[left], 1 / 5, atol=1e-6)
    np.testing.assert_allclose(green[right], 2 / 5, atol=1e-6)
    assert (sampler(image, torch.zeros(1, 256, 256), points)[0, 3] == -1).all()
    assert alpha[stand_in_atlas().face < 0].max() == -1


def test_atlas_of_another_size_or_another_mesh_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "fmap_256.npy", np.zeros((128, 128)))
    np.save(tmp_path / "bmap_256.npy", np.zeros((128, 128, 3)))
    with pytest.raises(TensorShapeError, match=r"got \(128, 128\)"):
        load_atlas(tmp_path / "fmap_256.npy", tmp_path / "bmap_256.npy")
    with pytest.raises(TensorShapeError, match="expected faces below 5"):
        TextureSampler(stand_in_body().faces[:5].astype(np.int64), stand_in_atlas())


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The authors' files with the golden encoder, the stand-in body in SMPL's place."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save({"model": published_encoder()}, folder / "hmar_v2_weights.pth")
    np.save(folder / "fmap_256.npy", stand_in_atlas().face.astype(np.float64))
    np.save(folder / "bmap_256.npy", stand_in_atlas().weights.astype(np.float64))
    stand_in_body().write(folder / "repository" / "hmr2" / "body_model.npz")
    return ["--weights", str(folder), "--repository", str(folder / "repository")]


def _invoke(command: Any, arguments: list[str]) -> str:
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


@pytest.mark.parametrize(("file_format", "precision"), [("onnx", "fp16"), ("torchscript", "fp32")])
def test_exported_appearance_holds_the_limits(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, file_format: str, precision: str
) -> None:
    if file_format == "onnx":
        draw_depths_in_fewer_tiers(monkeypatch)
    output = _invoke(appearance, [*arguments, "--format", file_format, "--precision", precision])
    assert "uv_map" in output
    assert "FAIL" not in output


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_exported_encoder_gives_the_golden_distances(arguments: list[str], precision: str) -> None:
    _invoke(appearance_encoder, [*arguments, "--precision", precision])
    numbers, maps = golden("appearance"), _golden_maps()
    pairs = [(first, second) for first in range(5) for second in range(5) if numbers["texture_distance"][first, second]]
    both = []
    for first, second in pairs:
        overlap = (maps[first][3] > 0.5) & (maps[second][3] > 0.5)
        both += [np.where(overlap, maps[first], 0), np.where(overlap, maps[second], 0)]
    client = EmbeddedClient(Path(arguments[-1]), threads=1)
    uv_map = np.stack(both).astype(np.float16)
    embedding = client.infer("appearance_encoder", {"uv_map": uv_map}, ["embedding"])["embedding"]
    client.close()
    distance = 100 * np.square((embedding[::2] - embedding[1::2]) / 1e3).sum(1)
    expected = [numbers["texture_distance"][pair] for pair in pairs]
    np.testing.assert_allclose(distance, expected, rtol=5e-3 if precision == "fp32" else 3e-2, atol=1e-6)
