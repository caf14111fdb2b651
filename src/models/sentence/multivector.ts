import { TraceletError } from '../../base/error.ts';
import type { Checkpoint } from '../../formats/checkpoint.ts';
import type { SentenceModule } from '../../sentence/modules.ts';
import { asPylate } from '../../sentence/pylate.ts';
import { asStanford, isStanford, PROJECTION } from '../../sentence/stanford.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { FamilyClass } from '../classes.ts';
import type { PreTrainedConfig } from '../config.ts';
import { type Beside, PreTrainedModel } from '../pretrained.ts';
import { Chain, FOLDER_OPTIONS, type FolderOptions, headed } from './chain.ts';
import { Part, type Widths, type Wiring } from './parts.ts';

/** A vector a token, as the model within `sentence_transformers.MultiVectorEncoder`: (token_embeddings [batch, sequence, width]). */
export class MultiVectorEncoderModel extends Chain {
  static override readonly kind = 'MultiVectorEncoder';
  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = {
    ...PreTrainedModel.OPTIONS,
    ...headed('Model', 'of models without a head'),
    ...FOLDER_OPTIONS,
  };

  constructor(config: PreTrainedConfig, options: FolderOptions & { base: FamilyClass; seed?: number }) {
    super(config, options, () => {
      if (options.sentence) return { ...options, sentence: options.sentence, parts: { MultiVectorMask } };
      throw new TraceletError('config', {
        what: 'a MultiVectorEncoder',
        expected: "a folder with modules.json, or one of Stanford's ColBERT (HF_ColBERT)",
        got: 'another',
        cure: 'Encoders alone have learned no projection',
      });
    });
  }

  static override async encoder_path(beside: Beside): Promise<string> {
    // biome-ignore lint/complexity/noThisInStatic: it reads the kind of the class that it is called on
    return (await isStanford(beside.text)) ? '' : super.encoder_path({ ...beside, text: await asPylate(beside.text) });
  }

  static override async options_beside(
    beside: Beside,
    config: PreTrainedConfig,
    checkpoint: Checkpoint,
  ): ReturnType<typeof Chain.options_beside> {
    const written = await isStanford(beside.text);
    const text = written ? await asStanford(beside.text, projectionOf(checkpoint)) : await asPylate(beside.text);
    // biome-ignore lint/complexity/noThisInStatic: it reads the kind of the class that it is called on
    return super.options_beside({ ...beside, text }, config);
  }
}

/** The shape of the projection that lies beside the encoder, which becomes that of the module behind it. Throws a `checkpoint` error without one. */
function projectionOf({ tensors, name }: Checkpoint): readonly number[] {
  const projection = tensors.get(PROJECTION);
  if (projection?.shape.length !== 2)
    throw new TraceletError('checkpoint', {
      what: `${PROJECTION} in ${name}`,
      expected: 'a projection [dim, hidden]',
      got: projection ? `[${projection.shape}]` : 'none',
    });
  tensors.delete(PROJECTION);
  tensors.set(`modules.1.${PROJECTION}`, projection);
  return projection.shape;
}

/** Which tokens count is decided where their vectors are known. */
class MultiVectorMask extends Part {
  readonly wiring: Wiring;

  constructor(_: SentenceModule<'MultiVectorMask'>, widths: Widths) {
    super();
    this.wiring = { input: 'token_embeddings', output: 'token_embeddings', width: widths.token_embeddings ?? 0 };
  }

  forward(x: Tensor): Tensor {
    return x;
  }
}
