// Stochastic gradient descent on ratings that are cut into a grid of blocks.
import { madd } from "./simd";

/**
 * Goes once over the ratings of the blocks (p, (p + step) mod groups) for p in from..to−1, in their order.
 *
 * Block (p, q) holds the ratings of the users of group p for the items of group q, at blockStarts[p·groups + q] .. of the next. Blocks of
 * one step share neither user nor item, so it does not matter which is done first. `rate` is the learning rate, `penalty` the strength
 * of the penalty on factors and biases.
 */
export function sgdBlocks(
  blockStarts: usize,
  users: usize,
  items: usize,
  values: usize,
  userRows: usize,
  itemRows: usize,
  userBiases: usize,
  itemBiases: usize,
  width: i32,
  groups: i32,
  step: i32,
  mean: f32,
  rate: f32,
  penalty: f32,
  from: i32,
  to: i32,
): void {
  const stride = (<usize>width) << 2;
  const shrink: f32 = <f32>1 - rate * penalty;
  const keep = f32x4.splat(shrink);
  for (let p = from; p < to; p++) {
    const block = blockStarts + ((<usize>(p * groups + ((p + step) % groups))) << 2);
    const end = (<usize>load<i32>(block, 4)) << 2;
    for (let at = (<usize>load<i32>(block)) << 2; at < end; at += 4) {
      const user = <usize>load<i32>(users + at);
      const item = <usize>load<i32>(items + at);
      const x = userRows + user * stride;
      const y = itemRows + item * stride;
      const userBias = load<f32>(userBiases + (user << 2));
      const itemBias = load<f32>(itemBiases + (item << 2));
      const error = load<f32>(values + at) - mean - userBias - itemBias - product(x, y, stride);
      const move: f32 = rate * error;
      store<f32>(userBiases + (user << 2), shrink * userBias + move);
      store<f32>(itemBiases + (item << 2), shrink * itemBias + move);
      const moves = f32x4.splat(move);
      for (let d: usize = 0; d < stride; d += 16) {
        const a = v128.load(x + d);
        const b = v128.load(y + d);
        v128.store(x + d, madd(moves, b, f32x4.mul(keep, a)));
        v128.store(y + d, madd(moves, a, f32x4.mul(keep, b)));
      }
    }
  }
}

/** Inner product of two rows; their length is a multiple of 32 bytes. */
function product(x: usize, y: usize, stride: usize): f32 {
  let first = f32x4.splat(0);
  let second = first;
  for (let d: usize = 0; d < stride; d += 32) {
    first = madd(v128.load(x + d), v128.load(y + d), first);
    second = madd(v128.load(x + d, 16), v128.load(y + d, 16), second);
  }
  const sum = f32x4.add(first, second);
  return (
    f32x4.extract_lane(sum, 0) +
    f32x4.extract_lane(sum, 1) +
    (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
  );
}
