import Cryptography
import JSON

/// Who and what is there from the start.
extension StandInState {
    /// A fresh OP with its first application and its users.
    init(_ options: StandIn.Options, issuer: String, clock: Clock) throws(CryptographyError) {
        try self.init(issuer: issuer, clock: clock)
        seed(options)
    }

    /// Puts the first application and the users of the demo in place, and signs nobody in by itself unless asked to.
    mutating func seed(_ options: StandIn.Options) {
        self.options = options
        knobs.automaticUser = options.automaticUser
        var client = Client(id: StandIn.clientID)
        client.name = "Demo application"
        client.secrets = [Client.Secret(name: "default", value: StandIn.clientSecret)]
        client.redirectURIs = options.redirectURIs
        client.postLogoutRedirectURIs = options.postLogoutRedirectURIs
        clients[client.id] = client

        // Milliseconds, as Logto writes them.
        let created: Int64 = 1_700_000_000_000
        var alice = User(id: "alice0000001", createdAt: created, updatedAt: created)
        alice.username = "alice"
        alice.email = "alice@example.com"
        alice.phone = "15550100001"
        alice.name = "Alice Liddell"
        alice.avatar = "https://img.example/alice.png"
        alice.profile = ["givenName": "Alice", "familyName": "Liddell", "locale": "en"]
        alice.roles = ["admin", "reader"]
        users[alice.id] = alice

        // The ones without e-mail are the norm behind WeChat and Alipay, and names are not always Latin.
        var bob = User(id: "bob000000001", createdAt: created, updatedAt: created)
        bob.username = "bob"
        bob.name = "王小明"
        bob.roles = ["reader"]
        users[bob.id] = bob
    }
}
