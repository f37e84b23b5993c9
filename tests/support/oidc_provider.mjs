// A real OpenID Connect server on this machine, for tests: people sign in by typing who they are.
import { Provider } from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const PEOPLE = {
  rep: { email: "rep@example.test", email_verified: true, name: "Rep" },
  double: { email: "rep@example.test", email_verified: true, name: "Somebody else" },
  eve: { email: "admin@example.test", email_verified: false, name: "Eve" },
  stranger: { email: "stranger@example.test", email_verified: true, name: "A Stranger" },
  gone: { email: "gone@example.test", email_verified: true, name: "Gone" },
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "patron",
      client_secret: "a secret between two servers",
      redirect_uris: [redirect],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  pkce: { required: () => true },
  cookies: { keys: ["for tests only"] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, ...PEOPLE[id] }),
  }),
  ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
});

provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
