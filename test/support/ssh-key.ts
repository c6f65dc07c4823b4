// Keys for SSH servers and people. Of those that ssh2 makes it can't read one in 256
// (https://github.com/mscdex/ssh2/issues/1390).

import ssh2 from "ssh2";

export function makeKey(): ReturnType<typeof ssh2.utils.generateKeyPairSync> {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(key.private) instanceof Error)) return key;
  }
}
