/**
 * The package that makes certificates, loaded where it is needed: it is heavy.
 * The trap: a package of its own wants metadata in `Reflect` (a proposal that no engine has), or throws when it is imported.
 * It keeps there what it injects into constructors; these three calls are all that it makes.
 */

type Metadata = Map<unknown, unknown>;
interface ReflectMetadata {
  getOwnMetadata?(key: unknown, target: object): unknown;
  getMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

export async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  const reflect: ReflectMetadata = Reflect as object;
  if (reflect.getMetadata === undefined) Object.assign(reflect, makeMetadata());
  const loaded = await import('@peculiar/x509');
  // It is CommonJS: bundled, all of it stands under `default`.
  const x509 = loaded.default ?? loaded;
  x509.cryptoProvider.set(crypto);
  return x509;
}

function makeMetadata(): Required<ReflectMetadata> {
  const all = new WeakMap<object, Metadata>();
  const getOwnMetadata = (key: unknown, target: object): unknown => all.get(target)?.get(key);
  return {
    getOwnMetadata,
    getMetadata: (key, target) => {
      for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
        const value = getOwnMetadata(key, at);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    defineMetadata: (key, value, target) => {
      const own = all.get(target) ?? new Map();
      all.set(target, own.set(key, value));
    },
  };
}
