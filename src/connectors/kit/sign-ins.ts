// One session for many calls. In: how one signs in. Out: the session that is good now. Must hold: of many calls that the
// end of a session meets, the first renews it for all.

export class SignIns<Session> {
  readonly #signIn: () => Promise<Session>;
  readonly #isEnding: (session: Session) => boolean;
  #session: Session | undefined;
  #signingIn: Promise<Session> | undefined;

  /** `isEnding`: known to end before a call could be answered. */
  constructor(signIn: () => Promise<Session>, isEnding: (session: Session) => boolean = () => false) {
    this.#signIn = signIn;
    this.#isEnding = isEnding;
  }

  /** The session that was signed in last, ended or not. */
  get latest(): Session | undefined {
    return this.#session;
  }

  /** Signs in once, however many calls ask for it at the same time. */
  get(): Promise<Session> {
    if (this.#session !== undefined && !this.#isEnding(this.#session)) return Promise.resolve(this.#session);
    this.#signingIn ??= this.#signIn()
      .then((session) => {
        this.#session = session;
        return session;
      })
      .finally(() => {
        this.#signingIn = undefined;
      });
    return this.#signingIn;
  }

  /** In place of one that the system took no more. */
  renew(ended: Session): Promise<Session> {
    if (this.#session === ended) this.#session = undefined;
    return this.get();
  }
}
