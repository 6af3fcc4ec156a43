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
        "redis://[user[:password]@]host[:port][/database], rediss://… or unix:///path"

    init(_ section: SectionReader) {
        let url = section.concealed("url", allowed: Self.allowedURL, mayBeEmpty: false) ?? Self.defaultURL
        let user = section.text("user")
        let password = section.secret("password", allowed: "the password")
        let caFile = section.file("ca_file")
        let commandTimeout = section.timeAmount("command_timeout", in: .milliseconds(1)...(.seconds(60)))
        let connectTimeout = section.timeAmount("connect_timeout", in: .milliseconds(1)...(.seconds(60)))
        self.keyPrefix = section.value("key_prefix", allowed: "up to 64 visible ASCII characters") { text in
            text.utf8.count <= 64 && text.utf8.allSatisfy { (0x21...0x7e).contains($0) } ? text : nil
        }
        guard var configuration = section.redis(url, caFile: caFile) else {
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
        configuration.user = user ?? configuration.user
        configuration.password = password ?? configuration.password
        configuration.commandTimeout = commandTimeout ?? configuration.commandTimeout
        configuration.connectTimeout = connectTimeout ?? configuration.connectTimeout
        self.configuration = configuration
    }
}

extension SectionReader {
    fileprivate func redis(_ url: String, caFile: String?) -> RedisConfiguration? {
        if caFile != nil, !url.utf8.starts(with: "rediss://".utf8) {
            self.refuse("ca_file", found: "a file for TLS", allowed: "one beside a url with rediss://")
            return nil
        }
        do {
            return try RedisConfiguration(url: url, caFile: caFile)
        } catch {
            let rule = if case .configuration(let rule) = error { rule } else { "\(error)" }
            if caFile != nil, (try? RedisConfiguration(url: url)) != nil {
                self.refuse("ca_file", found: "a file of no use", allowed: "PEM certificates", hint: rule)
            } else {
                // The URL may hold a password, so only the rule is shown.
                self.refuse("url", found: "another text", allowed: RedisSection.allowedURL, hint: rule)
            }
            return nil
        }
    }
}
