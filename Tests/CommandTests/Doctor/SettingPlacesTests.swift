import Command
import Testing

struct SettingPlacesTests {
    private let text = """
        [server]
        listen = "127.0.0.1:1"

        [[route]]
        path = "/"
        [[route]]
        upstream = "x"
        """

    private func places(_ environment: [String: String] = [:]) throws -> SettingPlaces {
        SettingPlaces(file: "g.toml", document: try TOMLDocument(Array(self.text.utf8)), environment: environment)
    }

    @Test func aKeyIsAtItsLine() throws {
        #expect(try self.places().place("server", "listen") == "g.toml:2: server.listen")
    }

    @Test func aKeyThatIsNotSetIsAtItsSection() throws {
        #expect(try self.places().place("server", "public_url") == "g.toml:1: server.public_url (not set)")
        #expect(try self.places().place("paths", "prefix") == "g.toml: paths.prefix (not set)")
    }

    @Test func aVariableComesFirst() throws {
        let places = try self.places(["GATEHOUSE_SERVER_LISTEN": "x"])
        #expect(places.place("server", "listen") == "environment: GATEHOUSE_SERVER_LISTEN")
    }

    @Test func providersAreCounted() throws {
        let text = """
            [[provider]]
            issuer = "x"
            [[provider]]
            name = "our-partners"
            issuer = "y"
            """
        let environment = ["GATEHOUSE_PROVIDER_CLIENT_ID": "a", "GATEHOUSE_PROVIDER_OUR_PARTNERS_SCOPES": "b"]
        let document = try TOMLDocument(Array(text.utf8))
        let places = SettingPlaces(file: "g.toml", document: document, environment: environment)
        #expect(places.place(ofProvider: 0, "issuer") == "g.toml:2: provider.issuer")
        #expect(places.place(ofProvider: 1, "issuer") == "g.toml:5: provider.issuer")
        #expect(places.place(ofProvider: 0, "client_id") == "environment: GATEHOUSE_PROVIDER_CLIENT_ID")
        #expect(places.place(ofProvider: 1, "client_id") == "g.toml:3: provider.client_id (not set)")
        #expect(places.place(ofProvider: 1, "scopes") == "environment: GATEHOUSE_PROVIDER_OUR_PARTNERS_SCOPES")
    }

    @Test func oneProviderMayStandAlone() throws {
        let document = try TOMLDocument(Array("[provider]\nissuer = \"x\"".utf8))
        let places = SettingPlaces(file: "g.toml", document: document, environment: [:])
        #expect(places.place(ofProvider: 0, "issuer") == "g.toml:2: provider.issuer")
    }

    @Test func routesAreCounted() throws {
        #expect(try self.places().place(ofRoute: 0, "path") == "g.toml:5: route.path")
        #expect(try self.places().place(ofRoute: 1, "path") == "g.toml:6: route.path")
        #expect(try self.places().place(ofRoute: 1, "upstream") == "g.toml:7: route.upstream")
        #expect(try self.places().place(ofRoute: 9, "path") == "g.toml: route.path")
        #expect(SettingPlaces(file: "g", document: nil, environment: [:]).place("a", "b") == "g: a.b (not set)")
    }
}
