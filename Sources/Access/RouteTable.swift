/// Which route a request belongs to: the longest path that matches on whole segments, and of several with that path the
/// one for the method. Built once; each worker has a copy.
package struct RouteTable: Sendable {
    let hosts: [Authority: HostRoutes]

    init(hosts: [Authority: HostRoutes]) {
        self.hosts = hosts
    }

    /// Throws `empty` for no routes, `duplicate` for two of one host, path and method.
    package init(_ routes: [Route]) throws(RouteTableError) {
        guard !routes.isEmpty else { throw .empty }
        var hosts: [Authority: HostRoutes] = [:]
        for (authority, routes) in Dictionary(grouping: routes, by: \.authority) {
            hosts[authority] = try HostRoutes(routes)
        }
        self.hosts = hosts
    }

    /// Whether any route is for this host.
    package func serves(_ authority: Authority) -> Bool {
        self.hosts[authority] != nil
    }

    /// The routes for a host; `nil` when none is.
    package func routes(of authority: Authority) -> HostRoutes? {
        self.hosts[authority]
    }

    /// The route for a method and a target on a host; see `HostRoutes`.
    package func route(
        for authority: Authority,
        _ method: String,
        _ target: RequestTarget
    ) throws(RequestRefusal) -> Route? {
        try (self.hosts[authority] ?? HostRoutes.empty).route(for: method, target)
    }
}

/// The routes of one host: a hash table of their paths, probed once for each segment of the path asked for.
///
/// A class, because it never changes and every request asks it.
package final class HostRoutes: Sendable {
    /// For a host that is ours and has no route.
    package static let empty = HostRoutes(paths: [], hashes: [], slots: [-1], longest: 0)

    /// For each path its routes, those for some methods first.
    private let paths: [[Route]]
    /// The hash of each path.
    private let hashes: [UInt64]
    /// Indices into `paths`, -1 where there is none; a power of two, at least half of it free.
    private let slots: [Int32]
    /// The longest path; what comes behind it cannot matter.
    private let longest: Int

    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The same with copies in the places of the routes, and with storage of its own.
    func with(_ copies: [ObjectIdentifier: Route]) -> HostRoutes {
        HostRoutes(
            paths: self.paths.map { $0.map { copies[ObjectIdentifier($0)] ?? $0 } },
            hashes: self.hashes.map { $0 },
            slots: self.slots.map { $0 },
            longest: self.longest
        )
    }

    private init(paths: [[Route]], hashes: [UInt64], slots: [Int32], longest: Int) {
        self.paths = paths
        self.hashes = hashes
        self.slots = slots
        self.longest = longest
    }

    fileprivate init(_ routes: [Route]) throws(RouteTableError) {
        var capacity = 4
        while capacity < routes.count * 2 { capacity *= 2 }
        var slots = [Int32](repeating: -1, count: capacity)
        var hashes: [UInt64] = []
        var paths: [[Route]] = []
        for route in routes {
            let hash = route.pathBytes.reduce(Self.seed, Self.step)
            var slot = Self.slot(hash, capacity)
            while slots[slot] >= 0, paths[Int(slots[slot])][0].pathBytes != route.pathBytes {
                slot = (slot + 1) & (capacity - 1)
            }
            if slots[slot] < 0 {
                slots[slot] = Int32(paths.count)
                hashes.append(hash)
                paths.append([route])
            } else {
                let index = Int(slots[slot])
                let other = paths[index].first { $0.sharesMethods(with: route) }
                if let other { throw .duplicate(other.name, route.name) }
                paths[index].insert(route, at: route.methods.isEmpty ? paths[index].count : 0)
            }
        }
        self.paths = paths
        self.hashes = hashes
        self.slots = slots
        self.longest = routes.map(\.pathBytes.count).max() ?? 0
    }

    /// The route for a method and a target, or `nil` when no route covers it.
    ///
    /// Where servers would read the path differently, each reading must lead to the same policy, for the same
    /// people and the same tokens; `ambiguousPath` otherwise.
    /// Throws `encodedSlash` for a `%2F` which the route does not allow, `methodNotRouted` when the routes of the path are
    /// for other methods: none above it is asked then.
    package func route(for method: String, _ target: RequestTarget) throws(RequestRefusal) -> Route? {
        guard let decoded = target.decodedPath else {
            return try self.route(method, target.text.utf8.span, end: target.pathEnd)
        }
        let route = try self.route(method, decoded.span, end: decoded.count)
        if target.containsEncodedSlash, route?.allowEncodedSlashes != true { throw .encodedSlash }
        guard !target.ambiguity.isEmpty else { return route }
        for reading in target.otherReadings {
            guard let other = try? self.route(method, reading.span, end: reading.count) else {
                guard route == nil else { throw .ambiguousPath }
                continue
            }
            guard let route, route.isJudged(like: other) else { throw .ambiguousPath }
        }
        return route
    }

    /// The same for a front that forwards by itself, by its own reading of what the browser has sent, `spelling`:
    /// whatever it makes of that must lead to the same application, too.
    package func route(
        for method: String,
        _ target: RequestTarget,
        spelt spelling: String
    ) throws(RequestRefusal) -> Route? {
        let route = try self.route(for: method, target)
        guard target.decodedPath != nil else { return route }
        for reading in target.otherReadings + [RequestTarget.literalReading(of: spelling)] {
            guard let other = try? self.route(method, reading.span, end: reading.count) else {
                guard route == nil else { throw .ambiguousPath }
                continue
            }
            guard let route, route.isJudged(like: other), route.upstream == other.upstream else { throw .ambiguousPath }
        }
        return route
    }

    /// The route with the longest path that covers the first `end` bytes. Throws `methodNotRouted` when that path's
    /// routes are for other methods.
    private func route(_ method: String, _ path: Span<UInt8>, end: Int) throws(RequestRefusal) -> Route? {
        var found = self.index(of: Self.seed, path, length: 0)
        var hash = Self.seed
        var index = 0
        while index < end, index < self.longest {
            hash = Self.step(hash, path[index])
            index += 1
            if index == end || path[index] == .slash {
                found = self.index(of: hash, path, length: index) ?? found
            }
        }
        guard let found else { return nil }
        for route in self.paths[found] where route.takes(method) { return route }
        throw .methodNotRouted
    }

    private func index(of hash: UInt64, _ path: Span<UInt8>, length: Int) -> Int? {
        var slot = Self.slot(hash, self.slots.count)
        while true {
            let index = Int(self.slots[slot])
            guard index >= 0 else { return nil }
            if self.hashes[index] == hash {
                let bytes = self.paths[index][0].pathBytes
                if bytes.count == length, path.has(bytes, at: 0) { return index }
            }
            slot = (slot + 1) & (self.slots.count - 1)
        }
    }

    /// FNV-1a. Only routes are in the table, so a stranger who makes paths collide gains one comparison.
    private static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    private static func slot(_ hash: UInt64, _ capacity: Int) -> Int {
        Int(truncatingIfNeeded: hash ^ hash >> 32) & (capacity - 1)
    }
}

extension RequestTarget {
    /// The path as it is spelt, as it is meant, and as other servers might read it.
    var readings: [[UInt8]] {
        [Array(self.path)] + (self.decodedPath.map { [$0] } ?? []) + self.otherReadings
    }

    /// The path as other servers might read it: each combination of the ways in which it is ambiguous.
    fileprivate var otherReadings: [[UInt8]] {
        guard let decoded = self.decodedPath else { return [] }
        let all = self.ambiguity.rawValue
        return (1...max(all, 1)).filter { $0 & ~all == 0 }.map {
            Self.reading(of: decoded, as: PathAmbiguity(rawValue: $0))
        }
    }

    /// The path for whoever compares it as it was sent: an escape means what it stands for in its canonical spelling
    /// alone, and is mere text in any other.
    fileprivate static func literalReading(of spelling: String) -> [UInt8] {
        let bytes = Array(spelling.utf8.prefix { $0 != UInt8(ascii: "?") })
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), bytes.count - index > 2,
                let high = bytes[index + 1].hexadecimalValue, let low = bytes[index + 2].hexadecimalValue,
                bytes[index + 1] < 0x61, bytes[index + 2] < 0x61, !(high << 4 | low).isUnreserved
            {
                let byte = high << 4 | low
                result.append(byte == .slash ? 0 : byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    private static func reading(of path: [UInt8], as ambiguity: PathAmbiguity) -> [UInt8] {
        var bytes = path[...]
        if ambiguity.contains(.encodedQuery) {
            bytes = bytes.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        }
        var result: [UInt8] = []
        for byte in bytes {
            let byte = byte == 0 && ambiguity.contains(.encodedSlash) ? .slash : byte
            if byte == .slash {
                if ambiguity.contains(.trailingDots) { Self.dropTrailingDots(&result) }
                if ambiguity.contains(.emptySegment), result.last == .slash { continue }
            }
            result.append(byte)
        }
        if ambiguity.contains(.trailingDots) { Self.dropTrailingDots(&result) }
        return result
    }

    private static func dropTrailingDots(_ path: inout [UInt8]) {
        while let last = path.last, last == UInt8(ascii: ".") || last == UInt8(ascii: " ") { path.removeLast() }
    }
}
