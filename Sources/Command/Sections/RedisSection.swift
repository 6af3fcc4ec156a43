import Gateway
import Redis

/// `[redis]`: read whichever store is chosen, so that a mistake in it does not wait for the day of the change.
struct RedisSection {
    /// `nil` when something in the section is wrong.
    let configuration: RedisConfiguration?
    /// `nil` when it is not set.
    let keyPrefix: String?

    private static let defaultURL = "redis://127.0.0.1:6379/0"
    fileprivate static let allowedURL =
        "redis://[user[:password]@]host[:port][/database], rediss://…, unix:///path, redis-sentinel://host,host/primary "
        + "or redis-cluster://host,host"

    init(_ section: SectionReader) {
        let url = section.concealed("url", allowed: Self.allowedURL, mayBeEmpty: false) ?? Self.defaultURL
        let user = section.text("user")
        let password = section.secret("password", allowed: "the password")
        let sentinelUser = section.text("sentinel_user")
        let sentinelPassword = section.secret("sentinel_password", allowed: "the password")
        let tls = TLSSettings(section)
        let commandTimeout = section.timeAmount("command_timeout", in: .milliseconds(1)...(.seconds(60)))
        let connectTimeout = section.timeAmount("connect_timeout", in: .milliseconds(1)...(.seconds(60)))
        self.keyPrefix = section.value("key_prefix", allowed: "up to 64 visible ASCII characters") { text in
            text.utf8.count <= 64 && text.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? text : nil
        }
        guard var configuration = section.redis(url, tls) else {
            self.configuration = nil
            return
        }
        if configuration.user != nil || configuration.password != nil {
            for (key, value) in [("user", user), ("password", password)] where value != nil {
                section.refuse(key, found: "a \(key) beside the one in url", allowed: "one of the two")
            }
        }
        if user != nil, password == nil, !section.hasProblem("password", "password_file") {
            section.refuse("user", found: "a user without password", allowed: "a user with a password, or neither")
        }
        configuration.sentinelUser = sentinelUser
        configuration.sentinelPassword = sentinelPassword
        for (key, value) in [("sentinel_user", sentinelUser), ("sentinel_password", sentinelPassword)]
        where value != nil {
            if case .sentinel = configuration.topology { continue }
            section.refuse(key, found: "something for Sentinels", allowed: "it beside a url with redis-sentinel://")
        }
        if let file = section.text("password_file") {
            // A password that changes is read when the next connection needs it.
            configuration.rereadPassword = { try? TextFile.secret(of: file) }
        }
        configuration.user = user ?? configuration.user
        configuration.password = password ?? configuration.password
        configuration.commandTimeout = commandTimeout ?? configuration.commandTimeout
        configuration.connectTimeout = connectTimeout ?? configuration.connectTimeout
        self.configuration = configuration
    }
}

/// What is said about TLS to Redis.
private struct TLSSettings {
    let caFile: String?
    let certificateFile: String?
    let keyFile: String?
    let serverName: String?

    init(_ section: SectionReader) {
        self.caFile = section.file("ca_file")
        self.certificateFile = section.file("certificate_file")
        self.keyFile = section.text("key_file", allowed: "the path of a file")
        self.serverName = section.text("server_name")
    }

    /// Those that are set.
    var keys: [String] {
        [
            ("ca_file", self.caFile), ("certificate_file", self.certificateFile), ("key_file", self.keyFile),
            ("server_name", self.serverName),
        ]
        .compactMap { $1 == nil ? nil : $0 }
    }

    func make() throws(RedisError) -> RedisTLS {
        try RedisTLS(
            caFile: self.caFile,
            certificateFile: self.certificateFile,
            keyFile: self.keyFile,
            serverName: self.serverName
        )
    }
}

extension SectionReader {
    fileprivate func redis(_ url: String, _ tls: TLSSettings) -> RedisConfiguration? {
        if !url.utf8.starts(with: "rediss".utf8), let key = tls.keys.first {
            self.refuse(key, found: "something for TLS", allowed: "it beside a url with rediss://")
            return nil
        }
        do {
            return try RedisConfiguration(url: url) { () throws(RedisError) in try tls.make() }
        } catch {
            let rule = if case .configuration(let rule) = error { rule } else { "\(error)" }
            if let key = tls.keys.first, (try? RedisConfiguration(url: url)) != nil {
                self.refuse(key, found: "what TLS cannot use", allowed: "files and a name for TLS", hint: rule)
            } else {
                // The URL may hold a password, so only the rule is shown.
                self.refuse("url", found: "another text", allowed: RedisSection.allowedURL, hint: rule)
            }
            return nil
        }
    }
}
