extension RedisConfiguration {
    /// Reads `redis://[user][:password@]host[:port][/database]`, `rediss://…` (TLS) or
    /// `unix://[user][:password@]/path/to/socket[?database=N]`; with Sentinel
    /// `redis-sentinel://[user][:password@]host[:port][,host[:port]…]/primary[/database]`, and with Cluster
    /// `redis-cluster://[user][:password@]host[:port][,host[:port]…]`, both with `rediss-…` for TLS.
    ///
    /// User and password are for Redis itself and may have `%XX`. `tls` makes what `rediss…://` needs.
    /// Throws ``RedisError/configuration(_:)`` with the rule that is broken; never the text, it may hold a password.
    package init(
        url: String,
        tls: () throws(RedisError) -> RedisTLS = { () throws(RedisError) in try RedisTLS() }
    ) throws(RedisError) {
        let text = Array(url.utf8)
        guard text.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !text.contains(UInt8(ascii: "#")) else {
            throw .configuration("a Redis URL has no spaces, control characters or '#'")
        }
        var rest = text[...]
        let scheme = try Scheme(takingFrom: &rest)
        let query = rest.takeSuffix(after: UInt8(ascii: "?"))
        if query != nil, scheme != .unix {
            throw .configuration("only unix:// has a query; the database of redis:// is its path")
        }
        let pathStart = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        var authority = rest[..<pathStart]
        let path = rest[pathStart...]
        let credentials = authority.takePrefix(before: UInt8(ascii: "@"))

        switch scheme {
        case .redis, .rediss:
            self.init(address: try Address(authority: authority, defaultPort: 6379))
            self.database = try RedisConfiguration.database(path.dropFirst())
        case .unix:
            guard authority.isEmpty, path.count > 1 else {
                throw .configuration("unix:// is followed by an absolute path, as in unix:///run/redis.sock")
            }
            self.init(address: .unix(path: try String(percentDecoding: path)))
            self.database = try RedisConfiguration.database(query: query)
        case .sentinel, .sentinelTLS:
            var name = path.dropFirst()
            let database = name.takeSuffix(after: UInt8(ascii: "/"))
            guard !name.isEmpty else {
                throw .configuration("the URL of Sentinels ends with the primary's name, as in ://host1,host2/mymaster")
            }
            try self.init(seeds: authority, defaultPort: 26_379)
            self.topology = .sentinel(primary: try String(percentDecoding: name))
            self.database = try RedisConfiguration.database(database ?? [])
        case .cluster, .clusterTLS:
            guard path.count <= 1 || path.dropFirst().elementsEqual("0".utf8) else {
                throw .configuration("a cluster has no database but 0")
            }
            try self.init(seeds: authority, defaultPort: 6379)
            self.topology = .cluster
        }
        if let credentials {
            try self.read(credentials: credentials)
        }
        if scheme.hasTLS {
            self.tls = try tls()
        }
    }

    private init(seeds: ArraySlice<UInt8>, defaultPort: Int) throws(RedisError) {
        var addresses: [Address] = []
        for authority in seeds.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            addresses.append(try Address(authority: authority, defaultPort: defaultPort))
        }
        self.init(address: addresses[0])
        self.seeds = addresses
    }

    private mutating func read(credentials: ArraySlice<UInt8>) throws(RedisError) {
        var user = credentials
        let password = user.takeSuffix(after: UInt8(ascii: ":"))
        guard let password, !password.isEmpty else {
            throw .configuration("a Redis URL with '@' has a password: user:password@host or :password@host")
        }
        self.user = user.isEmpty ? nil : try String(percentDecoding: user)
        self.password = try String(percentDecoding: password)
    }

    private static func database(_ digits: ArraySlice<UInt8>) throws(RedisError) -> Int {
        guard !digits.isEmpty else { return 0 }
        guard let number = Int(digits: digits, upTo: 99_999) else {
            throw .configuration("a Redis database is a number, as in redis://host/0")
        }
        return number
    }

    private static func database(query: ArraySlice<UInt8>?) throws(RedisError) -> Int {
        guard var value = query else { return 0 }
        let name = value.takePrefix(before: UInt8(ascii: "="))
        guard let name, name.elementsEqual("database".utf8), !value.isEmpty else {
            throw .configuration("unix:// has no query but ?database=N")
        }
        return try self.database(value)
    }
}

/// The part before `://`.
private enum Scheme: String, CaseIterable {
    case redis, rediss, unix
    case sentinel = "redis-sentinel"
    case sentinelTLS = "rediss-sentinel"
    case cluster = "redis-cluster"
    case clusterTLS = "rediss-cluster"

    init(takingFrom text: inout ArraySlice<UInt8>) throws(RedisError) {
        for scheme in Scheme.allCases {
            let prefix = Array("\(scheme.rawValue)://".utf8)
            guard text.starts(with: prefix) else { continue }
            text = text.dropFirst(prefix.count)
            self = scheme
            return
        }
        throw .configuration(
            "a Redis URL begins with redis://, rediss:// or unix://, or with redis-sentinel://, redis-cluster:// and "
                + "their rediss-"
        )
    }

    var hasTLS: Bool {
        switch self {
        case .rediss, .sentinelTLS, .clusterTLS: true
        case .redis, .unix, .sentinel, .cluster: false
        }
    }
}

extension RedisConfiguration.Address {
    /// `host`, `host:port` or `[IPv6]:port`.
    fileprivate init(authority: ArraySlice<UInt8>, defaultPort: Int) throws(RedisError) {
        var host = authority
        var port: ArraySlice<UInt8>?
        if authority.first == UInt8(ascii: "[") {
            host = authority.dropFirst()
            guard let address = host.takePrefix(before: UInt8(ascii: "]")) else {
                throw .configuration("an IPv6 address is written [::1]")
            }
            guard host.isEmpty || host.first == UInt8(ascii: ":") else {
                throw .configuration("a port follows ']' after ':'")
            }
            port = host.isEmpty ? nil : host.dropFirst()
            host = address
            guard host.contains(UInt8(ascii: ":")), host.allSatisfy(\.mayBeInIPv6Address) else {
                throw .configuration("an IPv6 address is written [::1]")
            }
        } else {
            port = host.takeSuffix(after: UInt8(ascii: ":"))
            guard !host.isEmpty, host.allSatisfy(\.mayBeInHostName) else {
                throw .configuration("a host is a name or an IP address")
            }
        }
        var number = defaultPort
        if let port {
            guard let read = Int(digits: port, upTo: 65_535), read > 0 else {
                throw .configuration("a port is a number from 1 to 65535")
            }
            number = read
        }
        self = .tcp(host: String(decoding: host, as: UTF8.self), port: number)
    }
}

extension ArraySlice<UInt8> {
    /// Takes what is before the last `separator`, and drops the separator. Nil when there is none.
    ///
    /// The last one, because a password typed without escapes may have an `@`.
    fileprivate mutating func takePrefix(before separator: UInt8) -> ArraySlice<UInt8>? {
        guard let index = self.lastIndex(of: separator) else { return nil }
        defer { self = self[(index + 1)...] }
        return self[..<index]
    }

    /// Takes what is after the first `separator`, and drops the separator. Nil when there is none.
    fileprivate mutating func takeSuffix(after separator: UInt8) -> ArraySlice<UInt8>? {
        guard let index = self.firstIndex(of: separator) else { return nil }
        defer { self = self[..<index] }
        return self[(index + 1)...]
    }
}

extension Int {
    /// One to five decimal digits, no more than `limit`.
    fileprivate init?(digits: ArraySlice<UInt8>, upTo limit: Int) {
        guard (1...5).contains(digits.count), digits.allSatisfy(\.isDigit) else { return nil }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard value <= limit else { return nil }
        self = value
    }
}

extension String {
    /// Text with `%XX` decoded. Bad escapes, NUL and what is not UTF-8 are refused.
    fileprivate init(percentDecoding text: ArraySlice<UInt8>) throws(RedisError) {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexValue, let low = rest.popFirst()?.hexValue else {
                throw .configuration("'%' in a Redis URL is followed by two hexadecimal digits")
            }
            bytes.append(high << 4 | low)
        }
        guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw .configuration("a Redis URL is UTF-8 without NUL")
        }
        self = decoded
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    fileprivate var mayBeInHostName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: self.isDigit
        }
    }

    fileprivate var mayBeInIPv6Address: Bool {
        self.hexValue != nil || self == UInt8(ascii: ":") || self == UInt8(ascii: ".")
    }
}
