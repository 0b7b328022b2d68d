// The hash tree of RFC 9162 section 2.1, and SHA-256. Digests are Uint8Arrays of 32 bytes; sizes and indices are BigInts.

import { concat } from "./verify-json.js";

/** Largest tree: bounds the depth of the recursion. */
export const maxTreeSize = 1n << 48n;

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export const hashLeaf = (entry) => sha256(concat([0], entry));

const hashNode = (left, right) => sha256(concat([1], left, right));

export const same = (left, right) => left.length === right.length && left.every((byte, i) => byte === right[i]);

/** Largest power of two below a size of at least 2. */
const splitPoint = (size) => 1n << BigInt((size - 1n).toString(2).length - 1);

/** Root that ascending leaves and the shared proof lead to; null when the proof has too few or too many hashes. */
export async function sharedRoot(leaves, treeSize, proof) {
  let used = 0;

  async function compute(inside, start, end) {
    if (inside.length === 0) {
      return used < proof.length ? proof[used++] : null;
    }
    if (end - start === 1n) {
      return inside[0].leaf;
    }
    const split = start + splitPoint(end - start);
    const left = await compute(inside.filter((l) => l.index < split), start, split);
    const right = left && await compute(inside.filter((l) => l.index >= split), split, end);
    return right && hashNode(left, right);
  }

  const root = await compute(leaves, 0n, treeSize);
  return used === proof.length ? root : null;
}

/** RFC 9162 section 2.1.3.2. */
export async function verifyInclusion(leaf, index, size, proof, root) {
  if (index >= size) { // step 1
    return false;
  }
  let [fn, sn, r] = [index, size - 1n, leaf]; // steps 2 and 3
  for (const p of proof) { // step 4
    if (sn === 0n) {
      return false;
    }
    if ((fn & 1n) === 1n || fn === sn) {
      r = await hashNode(p, r);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      r = await hashNode(r, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(r, root); // step 5
}

/** RFC 9162 section 2.1.4.2. Between equal sizes the proof must be empty; nothing leads from size 0. */
export async function verifyConsistency(size1, size2, root1, root2, proof) {
  if (size1 === 0n || size1 > size2) {
    return false;
  }
  if (size1 === size2) {
    return proof.length === 0 && same(root1, root2);
  }
  if (proof.length === 0) { // step 1
    return false;
  }
  const path = (size1 & (size1 - 1n)) === 0n ? [root1, ...proof] : proof; // step 2
  let [fn, sn] = [size1 - 1n, size2 - 1n]; // step 3
  while ((fn & 1n) === 1n) { // step 4
    fn >>= 1n;
    sn >>= 1n;
  }
  let [fr, sr] = [path[0], path[0]]; // step 5
  for (const c of path.slice(1)) { // step 6
    if (sn === 0n) {
      return false;
    }
    if ((fn & 1n) === 1n || fn === sn) {
      fr = await hashNode(c, fr);
      sr = await hashNode(c, sr);
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      sr = await hashNode(sr, c);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  return sn === 0n && same(fr, root1) && same(sr, root2); // step 7
}
