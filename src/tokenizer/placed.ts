import { known } from './known.ts';
import * as places from './places.ts';

known.places = async () => places;
