"""docs/models.md, command by command."""

import json
import re

from export.families import NAMES
from export.weights.published import FILES, SMPL
from tests.export.full_set.conftest import DOCUMENT, FullSet


def test_document_leads_from_nothing_to_a_checked_repository(full_set: FullSet) -> None:
    outputs = full_set.outputs
    assert outputs["weights"].count("absent") == sum(not file.optional for file in FILES)
    assert outputs["weights --download"].count("absent") == 1  # SMPL is fetched by hand
    assert f"placed {SMPL.name}" in outputs["weights --from FOLDER"]
    assert "absent" not in outputs["weights --verify"]
    for name in NAMES:
        assert (full_set.repository / name / "1" / "model.onnx").is_file()
    assert (full_set.repository / "hmr2" / "body_model.npz").is_file()


def test_verification_at_the_end_has_every_model_and_every_batch(full_set: FullSet) -> None:
    table = full_set.outputs["verify"]
    assert all(re.search(rf"^{name}$", table, re.MULTILINE) for name in NAMES)
    assert "FAIL" not in table
    for batch in (1, 3, 16):
        rows = re.findall(rf"^model\.onnx +(\w+) +{batch} +(\w+)", table, re.MULTILINE)
        assert ("fp16", "vertices") in rows  # hmr2, as documented
        assert {output for _, output in rows} >= {"boxes", "embedding", "uv_map", "pose", "joints_3d"}


def test_every_export_records_where_it_came_from(full_set: FullSet) -> None:
    sources = {
        "hmr2": {"hmr2.ckpt", "body_model.npz"},
        "detector": {"config.json", "model.safetensors"},
        "appearance": {"hmar_v2_weights.pth", "fmap_256.npy", "bmap_256.npy", "body_model.npz"},
        "appearance_encoder": {"hmar_v2_weights.pth"},
        "pose_predictor": {"pose_predictor.pth", "pose_predictor.yaml", "mean_std.npy"},
    }
    for name in NAMES:
        record = json.loads((full_set.repository / name / "1" / "export.json").read_text())["model.onnx"]
        assert set(record["sources"]) == sources[name]
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in record["sources"].values())
        assert {"torch", "onnx", "onnxruntime", "phalp-triton"} <= set(record["versions"])
        assert record["precision"] == ("fp16" if name == "hmr2" else "fp32")
        assert {row["batch"] for row in record["parity"]} == {1, 2}
        assert all(row["passed"] for row in record["parity"])
        assert record["on_cpu"] == []


def test_document_names_every_file_command_and_licence() -> None:
    text = DOCUMENT.read_text()
    for file in FILES:
        assert f"`{file.name}`" in text, file.name
    for name in NAMES:
        assert f"`{name}`" in text
    for licence in ("MIT", "Apache-2.0", "SMPL model licence", "non-commercial"):
        assert licence in text
