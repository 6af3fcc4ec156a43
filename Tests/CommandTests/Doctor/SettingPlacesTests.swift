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

    @Test func routesAreCounted() throws {
        #expect(try self.places().place(ofRoute: 0, "path") == "g.toml:5: route.path")
        #expect(try self.places().place(ofRoute: 1, "path") == "g.toml:6: route.path")
        #expect(try self.places().place(ofRoute: 1, "upstream") == "g.toml:7: route.upstream")
        #expect(try self.places().place(ofRoute: 9, "path") == "g.toml: route.path")
        #expect(SettingPlaces(file: "g", document: nil, environment: [:]).place("a", "b") == "g: a.b (not set)")
    }
}
