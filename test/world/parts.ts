// The parts that there are.
import { kubernetes } from './kubernetes/part.ts';
import type { Part } from './part.ts';

export const PARTS: readonly Part[] = [kubernetes];
