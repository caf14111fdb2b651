import { cosine, reduce, sine } from '../../lib/sine';

/** The sine or cosine of any angle; NaN of infinity. */
export function trigonometric(isSine: bool, angle: f32): f32 {
  reduce(<f64>angle);
  return <f32>(isSine ? sine() : cosine());
}
