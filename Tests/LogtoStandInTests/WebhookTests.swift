import Cryptography
import JSON
import LogtoStandIn
import Testing

@Suite struct WebhookTests {
    @Test func suspensionAndDeletionAreToldAndSigned() async throws {
        let receiver = try await Receiver.start()
        try await withStandIn { op in
            let knobs: JSON = ["webhookUrl": .string(receiver.url), "webhookKey": "s3cret"]
            try await op.control("POST /knobs", knobs)
            try await op.control("POST /suspend", ["user": "alice"])
            try await op.control("DELETE /user", ["user": "alice"])
            try await op.control("POST /webhook", ["event": "Role.Created", "members": ["data": ["id": "r1"]]])
        }
        let bodies = try receiver.requests.map { try JSON.parse($0.body) }
        #expect(
            bodies.map { $0["event"]?.stringValue } == [
                "User.SuspensionStatus.Updated", "User.Deleted", "Role.Created",
            ]
        )
        #expect(bodies.first?["data"]?["isSuspended"] == true)
        #expect(bodies.first?["params"]?["userId"] == bodies.first?["data"]?["id"])
        for request in receiver.requests {
            let signature = Digest.hmacSHA256(request.body, key: Array("s3cret".utf8))
            let text = signature.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(request.header("logto-signature-sha-256") == text)
        }
    }

    @Test func withoutAReceiverNobodyIsTold() async throws {
        try await withStandIn { op in
            try await op.control("POST /suspend", ["user": "alice"])
            #expect(try await op.control("POST /webhook", ["event": "Role.Created"])["error"] != nil)
        }
    }
}
