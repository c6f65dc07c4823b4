// What an SFTP server answers in place of what was asked for.
// https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02#section-7

/** Status codes of the protocol (draft-ietf-secsh-filexfer-02, 7). */
export const sftpStatus = { endOfFile: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, unsupported: 8 } as const;

/** What the server answered instead of doing it. */
export class StatusError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
