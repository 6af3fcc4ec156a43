import LogtoStandIn
import Testing

@Suite struct ProviderPortTests {
    /// The same numbers in every run.
    private struct Dice {
        var state: UInt64

        mutating func roll(_ sides: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % sides
        }
    }

    @Test func nothingThatIsSentEndsIt() async throws {
        try await withStandIn { op in
            var dice = Dice(state: 42)
            let alphabet = Array("%&=+;/?.:\\\"'<>{}[]*~-_ab019é\u{212A}名 ".unicodeScalars)
            let seeds = [
                ("GET", authorizationTarget([("id_token_hint", "a.b.c"), ("max_age", "1")]), ""),
                ("GET", "/oidc/session/end?id_token_hint=a.b.c&client_id=x&post_logout_redirect_uri=http://a/", ""),
                ("POST", "/oidc/token", "grant_type=authorization_code&code=x&client_id=\(StandIn.clientID)"),
                ("POST", "/oidc/token/introspection", "token=x&client_id=y&client_secret=%zz"),
                ("POST", "/sign-in?app_id=x", "uid=x&user=y"), ("GET", "/direct/social/x?app_id=%22", ""),
                ("GET", "/oidc/auth/abc", ""),
            ]
            for _ in 0..<150 {
                let seed = seeds[dice.roll(seeds.count)]
                var target = Array(seed.1.unicodeScalars)
                var body = Array(seed.2.unicodeScalars)
                for _ in 0...dice.roll(6) {
                    let scalar = alphabet[dice.roll(alphabet.count)]
                    if body.isEmpty || dice.roll(2) == 0 {
                        let place = 1 + dice.roll(target.count - 1)
                        if scalar.isASCII, scalar != " " { target[place] = scalar }
                    } else {
                        body.insert(scalar, at: dice.roll(body.count))
                    }
                }
                let headers = [formContent, (name: "Cookie", value: "_session=\(dice.roll(9)); _interaction={; =;;")]
                // A malformed head may be answered by closing the connection.
                _ = try? await Wire.send(
                    seed.0,
                    text(target),
                    port: op.port,
                    headers: headers,
                    body: text(body)
                )
            }
            let keys = try await Wire.send("GET", "/oidc/jwks", port: op.port)
            #expect(keys.status == 200)
        }
    }

    private func text(_ scalars: [Unicode.Scalar]) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }
}
