import Cryptography
import JSON

/// Logto's webhooks (specification 4.6): JSON, signed over its bytes, sent once with 10 s to answer.
struct Webhook: Sendable {
    var url: String
    var signingKey: String

    /// What goes over the wire for an event with these members.
    func parcel(_ event: String, _ members: [JSONMember], at now: Int64) -> Parcel {
        let head: [JSONMember] = [
            JSONMember(name: "hookId", value: "hook00000001"), JSONMember(name: "event", value: .string(event)),
            JSONMember(name: "createdAt", value: .string(Clock.httpDate(now))),
        ]
        let body = JSON.object(head + members).bytes
        let signature = Digest.hmacSHA256(body, key: Array(signingKey.utf8))
        return Parcel(
            url: url,
            headers: [
                ("Content-Type", "application/json"), ("User-Agent", "Logto (https://logto.io/)"),
                ("logto-signature-sha-256", Webhook.hexadecimal(signature)),
            ],
            body: body,
            patience: 10_000,
            event: "webhook",
            details: [JSONMember(name: "name", value: .string(event)), JSONMember(name: "url", value: .string(url))]
        )
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension StandInState {
    /// Tells of a user, when a webhook is set.
    mutating func announce(_ event: String, _ user: User) {
        guard let webhook = knobs.webhook else { return }
        let data: JSON = ["id": .string(user.id), "isSuspended": .bool(user.isSuspended)]
        let members = [
            JSONMember(name: "params", value: ["userId": .string(user.id)]),
            JSONMember(name: "data", value: event == "User.Deleted" ? .null : data),
        ]
        parcels.append(webhook.parcel(event, members, at: now))
    }
}

extension ControlPort {
    /// An event of a test's own; `members` join its body.
    static func sendWebhook(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        let event = try members.text("event")
        var additions: [JSONMember] = []
        try members.read("members", into: &additions)
        guard let webhook = state.knobs.webhook else {
            throw ControlError(reason: "knobs: webhookUrl and webhookKey are not set", status: 409)
        }
        state.parcels.append(webhook.parcel(event, additions, at: state.now))
        return ["ok": true]
    }
}
