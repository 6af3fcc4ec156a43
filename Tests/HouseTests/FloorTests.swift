import Testing

/// The floors of the house: which target may import what. SwiftPM lets a module through that another target reaches, so
/// the import lines are read.
struct FloorTests {
    private let house = House()

    /// What each target may import beside the standard library. A further one needs a reason in the commit that adds
    /// it.
    private static let floors: [String: Set<String>] = [
        "JSON": [],
        "Cryptography": ["COpenSSL"],
        "OpenIDConnect": ["Cryptography", "JSON"],
        "Access": ["Cryptography", "JSON", "OpenIDConnect"],
        "Redis": ["CHiredis", "NIOCore", "NIOPosix", "NIOSSL"],
        "BackChannel": ["CCurl", "Glibc"],
        "Gateway": [
            "Access", "BackChannel", "CResolver", "CStartup", "Cryptography", "Glibc", "JSON", "Logging", "NIOCore",
            "NIOHPACK", "NIOHTTP1", "NIOHTTP2", "NIOPosix", "NIOSSL", "NIOTLS", "OpenIDConnect", "Redis",
            "ServiceLifecycle", "SystemPackage", "UnixSignals",
        ],
        "LogtoStandIn": ["Cryptography", "JSON", "NIOCore", "NIOHTTP1", "NIOPosix"],
        "Command": [
            "Access", "ArgumentParser", "BackChannel", "Cryptography", "FoundationEssentials", "Gateway", "JSON",
            "Logging", "NIOCore", "NIOPosix", "NIOSSL", "OpenIDConnect", "Redis", "SystemPackage",
        ],
        "Demo": [
            "Access", "ArgumentParser", "Cryptography", "FoundationEssentials", "Gateway", "JSON", "Logging",
            "LogtoStandIn", "NIOCore", "NIOHTTP1", "NIOPosix", "OpenIDConnect", "SystemPackage",
        ],
    ]

    /// The system's libraries: a module map and a shim, no Swift.
    private static let modulesOfC: Set<String> = ["CCurl", "CHiredis", "COpenSSL", "CResolver", "CStartup"]
    /// Comes with the compiler and asks for nothing.
    private static let everywhere: Set<String> = ["Swift", "Synchronization"]

    @Test func everyFolderIsOnAFloor() throws {
        let folders = try self.house.folders("Sources")
        #expect(Set(folders) == Set(Self.floors.keys).union(Self.modulesOfC))
    }

    @Test(arguments: floors.keys.sorted())
    func aTargetImportsWhatItsFloorAllows(_ target: String) throws {
        let files = try self.house.swiftFiles("Sources/\(target)")
        #expect(!files.isEmpty, "Sources/\(target) has no Swift file")
        let allowed = Self.everywhere.union(Self.floors[target, default: []])
        for file in files {
            for line in file.imports {
                #expect(allowed.contains(line.module), "\(file.path):\(line.number): \(line.module)")
            }
        }
    }

    @Test(arguments: floors.keys.sorted())
    func noTypeOfCLeavesItsFile(_ target: String) throws {
        for file in try self.house.swiftFiles("Sources/\(target)") {
            for line in file.imports where Self.modulesOfC.contains(line.module) {
                #expect(line.access == "private", "\(file.path):\(line.number): import \(line.module) privately")
            }
        }
    }

    @Test func theTestsUseWhatOthersUse() throws {
        for file in try self.house.swiftFiles("Tests") {
            for (number, line) in file.lines.enumerated() {
                #expect(!line.hasPrefix("@testable"), "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func nothingIsPublic() throws {
        for file in try self.house.swiftFiles("Sources") {
            for (number, line) in file.lines.enumerated() {
                #expect(!line.hasPrefix("public ") && !line.hasPrefix("open "), "\(file.path):\(number + 1)")
            }
        }
    }

    /// The rule that lets a reviewer look for memory errors in a few places alone.
    @Test func unsafeCodeIsWhereItIsLookedFor() throws {
        let places = [
            "Sources/BackChannel/", "Sources/Cryptography/", "Sources/Redis/",
            // The time of day and what DNS says are to be had from C alone.
            "Sources/Gateway/Logs/Timestamp.swift", "Sources/Gateway/Upstream/NameLife.swift",
        ]
        for file in try self.house.swiftFiles("Sources") where !places.contains(where: file.path.hasPrefix) {
            for (number, line) in file.lines.enumerated() where !line.hasPrefix("//") {
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                #expect(!words.contains("unsafe"), "\(file.path):\(number + 1)")
            }
        }
    }
}
