import Access
package import Gateway

/// What came of reading a configuration.
package struct ConfigurationReading: Sendable {
    /// `nil` when there is any problem.
    package let configuration: Configuration?
    /// In the order of the file; what is about the environment comes last.
    package let problems: [ConfigurationProblem]
    /// What is allowed but hardly meant; in the same order.
    package let warnings: [ConfigurationProblem]
    /// Every key there is, as `section.key`. Those of `[[route]]` are among them when the file has a route.
    package let keys: [String]
    /// The files that settings have named: secrets, keys, authorities.
    package var files: [String] = []
}

/// The file that `--config` names: TOML, see `config.example.toml`.
package enum ConfigurationFile {
    /// Reads the file, and over it the variables `GATEHOUSE_SECTION_KEY`. Every problem is found at once, unless the
    /// file is no TOML at all.
    package static func read(path: String, environment: [String: String]) -> ConfigurationReading {
        do {
            return self.read(try TextFile.bytes(of: path), path: path, environment: environment)
        } catch {
            return .failure(.file(path, line: nil), "this file \(error.rawValue)")
        }
    }

    /// The same for a text that has been read; `path` is for the messages.
    package static func read(_ bytes: [UInt8], path: String, environment: [String: String]) -> ConfigurationReading {
        do {
            let document = try TOMLDocument(bytes)
            let reader = ConfigurationReader(file: path, document: document, environment: environment)
            let configuration = reader.configuration()
            reader.refuseUnknown()
            return ConfigurationReading(
                configuration: reader.problems.isEmpty ? configuration : nil,
                problems: reader.problems.inOrder,
                warnings: reader.warnings.inOrder,
                keys: reader.keys,
                files: reader.files
            )
        } catch {
            return .failure(.file(path, line: error.line), "this is not TOML: \(error.message)")
        }
    }
}

extension ConfigurationReading {
    fileprivate static func failure(_ place: ConfigurationProblem.Place, _ message: String) -> Self {
        let problem = ConfigurationProblem(place: place, key: nil, message: message)
        return ConfigurationReading(configuration: nil, problems: [problem], warnings: [], keys: [])
    }
}

extension ConfigurationReader {
    /// Section by section. `nil` when something that must be set is not; otherwise what can be made of what is there.
    fileprivate func configuration() -> Configuration? {
        let serverSection = self.section("server")
        let server = Configuration.Server(serverSection)
        let tls = Configuration.TLS(self.section("tls"), for: server, serverSection)
        let listeners = server?.addresses ?? []
        let admin = Configuration.Admin(self.section("admin"), besides: listeners)
        let others = listeners.map { ("server.listen", $0) } + [("admin.listen", admin.listen)]
        let check = Configuration.Check(self.section("check"), besides: others)
        let protectedApp = ProtectedAppSection(self.section("protected_app"))
        let providerSections = self.sectionOrList("provider")
        let providers = providerSections.map { section in
            Configuration.ProviderSettings(section).map { protectedApp.applied(to: $0) }
        }
        let names = ProviderNames(providerSections)
        let provider = providers.first ?? nil
        let signIn = Configuration.SignInSettings(self.section("sign_in"))
        let sessionSection = self.section("session")
        let session = protectedApp.applied(to: Configuration.SessionSettings(sessionSection), sessionSection)
        let cookie = Configuration.CookieSettings(self.section("cookie"))
        let redis = RedisSection(self.section("redis"))
        let pathsSection = self.section("paths")
        let paths = protectedApp.applied(to: Configuration.Paths(pathsSection), pathsSection)
        let timeouts = Configuration.Timeouts(self.section("timeouts"))
        let limits = Configuration.Limits(self.section("limits"))
        let log = Configuration.Log(self.section("log"))
        let routing = RouteSections(
            self.sections("route"),
            publicURL: server?.publicURL,
            paths: paths,
            protectedApp: protectedApp,
            providers: names
        )
        guard let server, let provider else { return nil }
        paths.warnOfProtectedLanding(pathsSection, routing.routes, server.publicURL.authority)
        var configuration = Configuration(
            server: server,
            provider: provider,
            routes: routing.routes,
            upstreams: []
        )
        configuration.moreProviders = providers.dropFirst().compactMap(\.self)
        configuration.requirements = routing.requirements
        configuration.upstreams = routing.upstreams
        configuration.tls = tls
        configuration.admin = admin
        configuration.check = check
        configuration.signIn = signIn
        configuration.session = session
        configuration.cookie = cookie
        configuration.redis = session.store == .redis ? redis.configuration : nil
        configuration.redisKeyPrefix = redis.keyPrefix ?? configuration.redisKeyPrefix
        configuration.paths = paths
        configuration.timeouts = timeouts
        configuration.limits = limits
        configuration.log = log
        return configuration
    }
}

extension [ConfigurationProblem] {
    /// By line; those of one line as they were found.
    fileprivate var inOrder: [ConfigurationProblem] {
        self.enumerated().sorted { ($0.element.place.order, $0.offset) < ($1.element.place.order, $1.offset) }
            .map(\.element)
    }
}
