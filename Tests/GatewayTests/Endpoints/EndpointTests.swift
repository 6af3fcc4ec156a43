import Access
import Gateway
import Testing

/// Which paths are ours. What is below our prefix is never forwarded.
struct EndpointTests {
    private func endpoint(_ target: String, _ paths: Configuration.Paths = .init()) throws -> Endpoint? {
        EndpointTable(paths).endpoint(for: try RequestTarget(target))
    }

    @Test(arguments: [
        ("/_gatehouse/sign-in", Endpoint.signIn), ("/_gatehouse/callback", .callback),
        ("/_gatehouse/sign-out", .signOut), ("/_gatehouse/session", .session), ("/_gatehouse/signed-out", .signedOut),
    ])
    func anEndpointIsFoundWithAndWithoutAQuery(_ path: String, _ endpoint: Endpoint) throws {
        #expect(try self.endpoint(path) == endpoint)
        #expect(try self.endpoint(path + "?rd=/") == endpoint)
    }

    @Test(arguments: [
        "/_gatehouse", "/_gatehouse/", "/_gatehouse/other", "/_gatehouse/session/", "/_gatehouse/session/x",
        "/_gatehouse/SESSION", "/_gatehouse?x",
    ])
    func theRestBelowThePrefixIsNobodys(_ target: String) throws {
        #expect(try self.endpoint(target) == .unknown)
    }

    @Test(arguments: [
        "/", "/_gatehouse2", "/_gatehous", "/x/_gatehouse/session", "/?/_gatehouse/session", "/_Gatehouse",
    ])
    func everythingElseIsAskedOfTheRoutes(_ target: String) throws {
        #expect(try self.endpoint(target) == nil)
    }

    @Test(arguments: ["/%5Fgatehouse/session", "/_gatehouse/%73ession"])
    func anEndpointIsFoundInAnySpelling(_ target: String) throws {
        #expect(try self.endpoint(target) == .session)
    }

    @Test func tokensAreGivenOnlyWhereTheConfigurationSaysSo() throws {
        let target = try RequestTarget("/_gatehouse/token?resource=x")
        #expect(EndpointTable(Configuration.Paths()).endpoint(for: target) == .unknown)
        #expect(EndpointTable(Configuration.Paths(), givesTokens: true).endpoint(for: target) == .token)
    }

    @Test func anotherPrefixMovesThemAll() throws {
        let paths = Configuration.Paths(prefix: "/auth")
        #expect(try self.endpoint("/auth/signed-out", paths) == .signedOut)
        #expect(try self.endpoint("/auth/session", paths) == .session)
        #expect(try self.endpoint("/_gatehouse/session", paths) == nil)
    }

    @Test func anEndpointMayStandElsewhere() throws {
        var paths = Configuration.Paths()
        paths.callback = "/oauth/callback"
        #expect(try self.endpoint("/oauth/callback?code=1", paths) == .callback)
        #expect(try self.endpoint("/oauth/callback/x", paths) == nil)
        #expect(try self.endpoint("/_gatehouse/callback", paths) == .unknown)
    }
}
