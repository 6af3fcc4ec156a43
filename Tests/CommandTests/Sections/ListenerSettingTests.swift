import Command
import Gateway
import Testing

struct ListenerSettingTests {
    @Test func aPlaceIsAnAddressASocketOrAnInheritedOne() {
        #expect(
            Configuration.Listener("127.0.0.1:80") == .init(.http, on: .address(.init(host: "127.0.0.1", port: 80)))
        )
        #expect(Configuration.Listener("https://[::]:443") == .init(.https, on: .address(.init(host: "::", port: 443))))
        #expect(Configuration.Listener("redirect://0.0.0.0:80")?.speech == .redirect)
        #expect(Configuration.Listener("unix:/run/g.sock") == .init(on: .unix("/run/g.sock")))
        #expect(Configuration.Listener("https://systemd:web") == .init(.https, on: .inherited("web")))
    }

    @Test(arguments: [
        "", "80", "http://127.0.0.1:80", "https:/127.0.0.1:1", "unix:", "unix:g.sock", "unix:/", "systemd:",
        "systemd:a b", "https://https://127.0.0.1:1", "UNIX:/a", "https://",
    ])
    func anythingElseIsNone(_ text: String) {
        #expect(Configuration.Listener(text) == nil)
    }

    @Test(arguments: ["127.0.0.1:80", "https://[::]:443", "redirect://unix:/a", "https://systemd:web"])
    func itIsWrittenAsItIsRead(_ text: String) {
        #expect(Configuration.Listener(text)?.text == text)
    }

    @Test func aListListensAtSeveralPlaces() throws {
        let sample = Sample().with("server", "listen = [\"127.0.0.1:1\", \"unix:/a\"]")
        let server = try #require(sample.reading().configuration).server
        #expect(server.listeners.map(\.text) == ["127.0.0.1:1", "unix:/a"])
        let variable = ["GATEHOUSE_SERVER_LISTEN": "127.0.0.1:2, systemd:web"]
        #expect(Sample().reading(environment: variable).configuration?.server.listeners.count == 2)
    }

    @Test func aPlaceIsTakenOnce() {
        let problems = Sample().with("server", "listen = [\"127.0.0.1:1\", \"0.0.0.0:1\"]").problems()
        #expect(problems == ["server.listen: found \"0.0.0.0:1\" beside another; allowed each place once"])
    }
}
