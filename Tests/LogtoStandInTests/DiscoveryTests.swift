import Cryptography
import JSON
import LogtoStandIn
import Testing

@Suite struct DiscoveryTests {
    @Test func theDocumentIsLogtosAndNamesTheAlgorithmsOfLoadedKeys() async throws {
        try await withStandIn { op in
            let answer = try await Wire.send(
                "GET",
                "/oidc/.well-known/openid-configuration",
                port: op.port
            )
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "application/json; charset=utf-8")
            #expect(answer.header("access-control-allow-origin") == "*")
            #expect(answer.header("cache-control") == nil)
            #expect(answer.header("logto-core-request-id")?.utf8.count == 21)
            #expect(answer.json["issuer"]?.stringValue == op.issuer)
            #expect(answer.json["id_token_signing_alg_values_supported"] == ["ES384"])
            #expect(answer.json["authorization_response_iss_parameter_supported"] == true)
            #expect(answer.json["registration_endpoint"] == nil)
            let alias = try await Wire.send("GET", "/oidc/.well-known/oauth-authorization-server", port: op.port)
            #expect(alias.json == answer.json)
        }
    }

    @Test func endpointsFollowTheHostOfTheRequestAndTheIssuerDoesNot() async throws {
        try await withStandIn { op in
            let path = "/oidc/.well-known/openid-configuration"
            let inside = [(name: "Host", value: "logto:3001")]
            let answer = try await Wire.send("GET", path, port: op.port, headers: inside)
            #expect(answer.json["token_endpoint"] == "http://logto:3001/oidc/token")
            #expect(answer.json["issuer"]?.stringValue == op.issuer)
            let forwarded = [
                (name: "X-Forwarded-Proto", value: "https"), (name: "X-Forwarded-Host", value: "auth.example.com"),
            ]
            let untrusted = try await Wire.send("GET", path, port: op.port, headers: forwarded)
            #expect(untrusted.json["token_endpoint"]?.stringValue == op.issuer + "/token")
            try await op.control("POST /knobs", ["trustProxyHeader": true])
            let trusted = try await Wire.send("GET", path, port: op.port, headers: forwarded)
            #expect(trusted.json["token_endpoint"] == "https://auth.example.com/oidc/token")
        }
    }

    @Test func keysCarryTheirThumbprintAndAnEntityTag() async throws {
        try await withStandIn { op in
            let answer = try await Wire.send("GET", "/oidc/jwks", port: op.port)
            #expect(answer.header("content-type") == "application/jwk-set+json; charset=utf-8")
            #expect(answer.header("cache-control") == "no-cache, max-age=0, must-revalidate")
            let key = try #require(answer.json["keys"]?.arrayValue?.first)
            #expect(key["alg"] == "ES384")
            #expect(key["crv"] == "P-384")
            let x = try #require(key["x"]?.stringValue)
            let y = try #require(key["y"]?.stringValue)
            let canonical = #"{"crv":"P-384","kty":"EC","x":"\#(x)","y":"\#(y)"}"#
            #expect(key["kid"]?.stringValue == Base64URL.encode(Digest.sha256(Array(canonical.utf8))))
            let tag = try #require(answer.header("etag"))
            let again = try await Wire.send(
                "GET",
                "/oidc/jwks",
                port: op.port,
                headers: [(name: "If-None-Match", value: tag)]
            )
            #expect(again.status == 304)
            #expect(again.body.isEmpty)
        }
    }

    @Test func anUnknownRouteIsLogtos404() async throws {
        try await withStandIn { op in
            let answer = try await Wire.send("GET", "/oidc/token", port: op.port)
            #expect(answer.status == 404)
            #expect(answer.json["code"] == "oidc.invalid_request")
            #expect(
                answer.json["error_description"] == "unrecognized route or not allowed method (GET on /token)"
            )
        }
    }

    @Test func aLargeAnswerIsCompressedForWhoeverAcceptsIt() async throws {
        try await withStandIn { op in
            let path = "/oidc/.well-known/openid-configuration"
            let plain = try await Wire.send("GET", path, port: op.port)
            let accepted = [(name: "Accept-Encoding", value: "gzip")]
            let packed = try await Wire.send("GET", path, port: op.port, headers: accepted)
            #expect(packed.header("content-encoding") == "gzip")
            // One stored block: a header of 10 and 5 bytes before the text, 8 behind it.
            #expect(Array(packed.body.dropFirst(15).dropLast(8)) == plain.body)
        }
    }
}
