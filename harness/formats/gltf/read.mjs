// Validates a glb file and plays it: node read.mjs FILE STEP < times.json > poses.json
//
// Prints {"issues": …, "people": [[track id, [null or {joints, rotations, vertices} of each time]]]}; vertices are
// every STEP-th one as three.js skins it.
import { readFileSync } from "node:fs";

import validator from "gltf-validator";
import { AnimationMixer, LoopOnce, Quaternion, Vector3 } from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";

const [file, step] = [process.argv[2], Number(process.argv[3])];
const bytes = new Uint8Array(readFileSync(file));
const { issues } = await validator.validateBytes(bytes);

// The loader looks for it in a browser only.
globalThis.self = globalThis;
const gltf = await new GLTFLoader().parseAsync(bytes.buffer, "");
const mixer = new AnimationMixer(gltf.scene);
const action = mixer.clipAction(gltf.animations[0]).setLoop(LoopOnce, 1).play();
action.clampWhenFinished = true;

const meshes = [];
gltf.scene.traverse((node) => node.isSkinnedMesh && meshes.push(node));
const people = meshes.map((mesh) => [mesh.userData.track_id, []]);
const [place, turn, size] = [new Vector3(), new Quaternion(), new Vector3()];
for (const time of JSON.parse(readFileSync(0, "utf8"))) {
  mixer.setTime(time);
  gltf.scene.updateMatrixWorld(true);
  meshes.forEach((mesh, row) => people[row][1].push(poseOf(mesh)));
}
console.log(JSON.stringify({ issues, people }));

function poseOf(mesh) {
  if (mesh.skeleton.bones[0].scale.x < 0.5) return null;
  const [joints, rotations, vertices] = [[], [], []];
  for (const bone of mesh.skeleton.bones) {
    bone.matrixWorld.decompose(place, turn, size);
    joints.push(place.toArray());
    rotations.push(turn.toArray());
  }
  for (let index = 0; index < mesh.geometry.attributes.position.count; index += step) {
    vertices.push(mesh.getVertexPosition(index, place).applyMatrix4(mesh.matrixWorld).toArray());
  }
  return { joints, rotations, vertices };
}
