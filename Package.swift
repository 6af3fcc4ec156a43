// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every target of ours: an unsafe call or a warning does not build.
let rules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0409-access-level-on-imports.md
    .enableUpcomingFeature("InternalImportsByDefault"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0461-async-function-isolation.md
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // The hot path crosses our targets for each request: without this, generic code there is not specialized.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "gatehouse",
    products: [
        .executable(name: "gatehouse", targets: ["Command"]),
        .executable(name: "gatehouse-demo", targets: ["Demo"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // Frames, header compression and flow control of HTTP/2 are not ours to write again.
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // swift-nio brings it already; standard error and files without an unsafe pointer of our own.
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        // Floor 0: the system's C libraries.
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .target(name: "CStartup"),
        .target(name: "CResolver", linkerSettings: [.linkedLibrary("resolv")]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // Floor 1 to 3: values and rules; no socket, no clock.
        .target(name: "JSON", swiftSettings: rules),
        .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: rules),
        .target(name: "OpenIDConnect", dependencies: ["Cryptography", "JSON"], swiftSettings: rules),
        .target(name: "Access", dependencies: ["Cryptography", "JSON", "OpenIDConnect"], swiftSettings: rules),

        // Beside them: one library per neighbour we talk to.
        .target(name: "Redis", dependencies: ["CHiredis", nioCore, nioPosix, nioSSL], swiftSettings: rules),
        .target(name: "BackChannel", dependencies: ["CCurl"], swiftSettings: rules),

        // Floor 4: the gateway.
        .target(
            name: "Gateway",
            dependencies: [
                "Access", "BackChannel", "CResolver", "CStartup", "Cryptography", "JSON", "OpenIDConnect", "Redis",
                nioCore, nioPosix, nioHTTP1, nioHTTP2, nioHPACK, nioSSL, nioTLS, logging, serviceLifecycle,
                systemPackage, unixSignals,
            ],
            swiftSettings: rules
        ),
        .target(
            name: "LogtoStandIn",
            dependencies: ["Cryptography", "JSON", nioCore, nioPosix, nioHTTP1],
            swiftSettings: rules
        ),

        // Executables.
        .executableTarget(
            name: "Command",
            dependencies: [
                "Access", "BackChannel", "Cryptography", "Gateway", "JSON", "OpenIDConnect", "Redis",
                argumentParser, logging, nioCore, nioPosix, nioSSL, systemPackage,
            ],
            swiftSettings: rules
        ),
        .executableTarget(
            name: "Demo",
            dependencies: [
                "Access", "Cryptography", "Gateway", "JSON", "LogtoStandIn", "OpenIDConnect",
                argumentParser, logging, nioCore, nioPosix, nioHTTP1, systemPackage,
            ],
            swiftSettings: rules
        ),

        // Tests: one folder for each target, one file for each source file.
        .target(
            name: "TestSupport",
            dependencies: ["Access", "Cryptography", "OpenIDConnect"],
            path: "Tests/TestSupport",
            swiftSettings: rules
        ),
        .target(
            name: "RedisTestServer",
            dependencies: ["ChildProcess", "Redis", nioCore, nioPosix],
            path: "Tests/RedisTestServer",
            swiftSettings: rules
        ),
        .target(
            name: "ChildProcess",
            dependencies: ["CChildProcess"],
            path: "Tests/ChildProcess",
            swiftSettings: rules
        ),
        .target(name: "CChildProcess", path: "Tests/CChildProcess"),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: rules),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "TestSupport"], swiftSettings: rules),
        .testTarget(
            name: "OpenIDConnectTests",
            dependencies: ["Cryptography", "JSON", "OpenIDConnect"],
            swiftSettings: rules
        ),
        .testTarget(
            name: "AccessTests",
            dependencies: ["Access", "Cryptography", "JSON", "OpenIDConnect", "TestSupport"],
            swiftSettings: rules
        ),
        .testTarget(
            name: "RedisTests",
            dependencies: ["Redis", "RedisTestServer", nioCore, nioPosix, nioEmbedded],
            swiftSettings: rules
        ),
        .testTarget(name: "BackChannelTests", dependencies: ["BackChannel", "ChildProcess"], swiftSettings: rules),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Access", "BackChannel", "Cryptography", "Gateway", "JSON", "OpenIDConnect", "Redis",
                "RedisTestServer", "TestSupport",
                nioCore, nioPosix, nioEmbedded, nioHTTP1, nioHPACK, logging,
            ],
            swiftSettings: rules
        ),
        .testTarget(
            name: "LogtoStandInTests",
            dependencies: ["Cryptography", "JSON", "LogtoStandIn", nioCore, nioPosix],
            swiftSettings: rules
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Access", "Command", "Cryptography", "Gateway", "JSON", "OpenIDConnect", "Redis",
                nioCore, logging, argumentParser,
            ],
            swiftSettings: rules
        ),
        .testTarget(
            name: "BudgetTests",
            dependencies: [
                "Access", "CAllocationCounter", "Cryptography", "Gateway", "JSON", "OpenIDConnect", "TestSupport",
                nioCore, nioPosix, nioEmbedded, nioHTTP1, logging,
            ],
            swiftSettings: rules
        ),
        .testTarget(
            name: "HouseTests",
            dependencies: ["Command", "Cryptography", "Gateway", "Redis"],
            swiftSettings: rules
        ),
    ]
)
