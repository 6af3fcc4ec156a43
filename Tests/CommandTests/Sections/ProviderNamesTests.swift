import Access
import Command
import Cryptography
import Gateway
import OpenIDConnect
import Testing

struct ProviderNamesTests {
    private static func text(_ providers: [String], _ routes: [String]) -> String {
        let provider = "issuer = \"https://auth.example.com/oidc\"\nclient_id = \"id\"\nclient_secret = \"s3cret\"\n"
        let server = "[server]\nlisten = \"127.0.0.1:8080\"\npublic_url = \"https://app.example.com\"\n"
        return server + providers.map { "[[provider]]\n\(provider)\($0)\n" }.joined()
            + routes.enumerated().map { index, line in
                "[[route]]\npath = \"/r\(index)\"\nupstream = \"http://127.0.0.1:1\"\n\(line)\n"
            }.joined()
    }

    private static func reading(
        _ providers: [String],
        _ routes: [String] = [""],
        environment: [String: String] = [:]
    ) -> ConfigurationReading {
        ConfigurationFile.read(Array(Self.text(providers, routes).utf8), path: "g.toml", environment: environment)
    }

    @Test func routesNameTheirProvider() throws {
        let routes = ["", "provider = \"partners\"", "provider = \"main\""]
        let reading = Self.reading(["name = \"main\"", "name = \"partners\""], routes)
        let configuration = try #require(reading.configuration, "\(reading.problems)")
        #expect(configuration.provider.name == "main")
        #expect(configuration.moreProviders.map(\.name) == ["partners"])
        #expect(configuration.routes.map(\.provider) == [0, 1, 0])
        // Nobody is signed out when the first one gets a name.
        let own = "app.example.com"
        #expect(configuration.routes.map(\.sessionAuthority.text) == [own, own + " partners", own])
    }

    @Test func oneProviderMayStandInAListWithoutAName() {
        #expect(Self.reading([""]).configuration?.moreProviders.isEmpty ?? false)
    }

    @Test func variablesReachEachByItsName() throws {
        let environment = [
            "GATEHOUSE_PROVIDER_CLIENT_SECRET": "first", "GATEHOUSE_PROVIDER_OUR_PARTNERS_CLIENT_SECRET": "second",
            "GATEHOUSE_PROVIDER_OUR_PARTNERS_TIMEOUT": "7s",
        ]
        let reading = Self.reading(["name = \"main\"", "name = \"our-partners\""], environment: environment)
        let configuration = try #require(reading.configuration, "\(reading.problems)")
        #expect(configuration.provider.client.secret == .init("first"))
        let partners = try #require(configuration.moreProviders.first)
        #expect(partners.client.secret == .init("second"))
        #expect(partners.timeout == .seconds(7))
        #expect(configuration.provider.timeout != .seconds(7))
    }

    @Test(arguments: [
        ("GATEHOUSE_PROVIDER_MAIN_CLIENT_ID", "found an unknown variable"),
        ("GATEHOUSE_PROVIDER_PARTNERS_CLIENT", "found an unknown variable"),
        ("GATEHOUSE_PROVIDER_PARTNERS_TIMEOUT", "found \"x\"; allowed a duration"),
    ])
    func aWrongVariableIsNamed(_ name: String, _ message: String) {
        let reading = Self.reading(["name = \"main\"", "name = \"partners\""], environment: [name: "x"])
        let problems = reading.problems.map { "\($0.key ?? ""): \($0.message)" }
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("\(name): \(message)") ?? false, "\(problems)")
    }

    @Test(arguments: [
        (["", ""], "provider.name: found nothing"),
        (["name = \"a\"", "name = \"a\""], "provider.name: found \"a\" twice"),
        (["", "name = \"A b\""], "provider.name: found \"A b\""),
        (["", "name = \"a\"\nnmae = \"b\""], "provider.nmae: "),
    ])
    func whatIsWrongIsNamed(_ providers: [String], _ problem: String) {
        let problems = Self.reading(providers).problems.map { "\($0.key ?? ""): \($0.message)" }
        #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
    }

    @Test(arguments: ["partner", "Partners", "0"])
    func aRouteNamesOneThatThereIs(_ name: String) {
        let problems = Self.reading(["", "name = \"partners\""], ["provider = \"\(name)\""]).problems
        #expect(problems.contains { $0.key == "route.provider" })
    }
}
