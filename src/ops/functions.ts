/*
 * The numbers by which general kernels know what they compute. Both compile this file: assembly/ imports it as well.
 */

export const ADD = 0;
export const SUB = 1;
export const MUL = 2;
export const DIV = 3;
export const POW = 4;
export const MINIMUM = 5;
export const MAXIMUM = 6;
export const FLOOR_DIVIDE = 7;
export const REMAINDER = 8;

export const EQ = 16;
export const NE = 17;
export const LT = 18;
export const LE = 19;
export const GT = 20;
export const GE = 21;
export const LOGICAL_AND = 22;
export const LOGICAL_OR = 23;
export const LOGICAL_XOR = 24;

export const ABS = 32;
export const EXP = 33;
export const LOG = 34;
export const SQRT = 35;
export const RSQRT = 36;
export const ERF = 37;
export const SIN = 38;
export const COS = 39;
export const FLOOR = 40;
export const CEIL = 41;
export const ROUND = 42;
export const TRUNC = 43;
export const SIGN = 44;

export const SUM = 64;
export const MEAN = 65;
export const AMAX = 66;
export const AMIN = 67;
export const VAR = 68;
export const VAR_BIASED = 69;
