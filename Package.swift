// swift-tools-version: 6.2
import PackageDescription

// Arrows go down only: a target may depend on targets of a lower floor. docs/architecture.md tells the story.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nioHTTP: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
]
/// What makes each process small: relative relocations packed (a tenth of the file's, and a third of the loader's time),
/// no symbol exported but the one that librdkafka must find (CSteady), as nothing is loaded that would ask for one, and what a start runs side by side (tools/order).
let small: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-use-ld=lld", "-Xlinker", "--no-export-dynamic", "-Xlinker", "--export-dynamic-symbol=cnd_timedwait",
            "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
            "-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/Sources/omni/start.order",
            "-Xlinker", "--no-warn-symbol-ordering",
        ], .when(platforms: [.linux], configuration: .release))
]

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: settings)
}

let package = Package(
    name: "omnigration",
    products: [.executable(name: "omni", targets: ["omni"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // Floor 0: the C libraries' module maps, the JSON value, digests and UUIDs.
        .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        // Its headers only: libcurl is loaded by the first request.
        .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        // The clock by which librdkafka waits.
        .target(name: "CSteady"),
        .systemLibrary(name: "CBytes"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        module("Document", ["CBytes"]),
        module("Digests", ["CCrypto"]),
        module("Patterns", ["CBytes"]),
        module("EmbeddedBroker", ["CLinux"]),

        // Floor 1: languages, formats, transports, the Kafka client, the canonical model.
        module("Schema", ["CBytes", "Document", "Patterns"]),
        module("Mapping", ["CBytes", "Document", "Patterns"]),
        module("Transports", ["Document", "Digests", "CLinux", "CSQLite", "CCurl", logging] + nioHTTP),
        module("Formats", ["Document", "CExpat"]),
        // Lifetimes: a record lent by a batch can't outlive it.
        .target(
            name: "Kafka", dependencies: ["CRdKafka", "CSteady", logging],
            swiftSettings: settings + [.enableExperimentalFeature("Lifetimes")]),
        module("Canonical", ["Document", "Schema", "Mapping", "Digests"]),

        // Floor 2: what decides, and what is configured. No input or output in Consistency.
        module("Consistency", ["Document", "Canonical", "Digests"]),
        module(
            "Installation", ["Document", "Canonical", "Formats", "Schema", "CYAML"]),

        // Floor 3: the processes' loops. Hub and Connector meet on topics only.
        module(
            "Hub",
            [
                "Document", "Canonical", "Consistency", "Digests", "Installation", "Kafka", "Mapping", "Schema",
                "Transports", "CLMDB", logging,
            ]),
        module(
            "Connector",
            [
                "CLinux", "Document", "Digests", "Canonical", "Installation", "Mapping", "Schema", "Formats",
                "Transports",
                "Kafka",
                logging,
            ]),
        module("Operations", ["Document", "Canonical", "Installation", "Kafka", logging]),

        // Floor 4: queries and requests over HTTP; the demonstration's five systems.
        module(
            "API",
            [
                "Document", "Canonical", "Consistency", "Digests", "Hub", "Installation", "Kafka", "Schema",
                "Transports",
                logging,
            ]),
        module("Demo", ["Document", "Digests", "EmbeddedBroker", "Transports"]),

        // Floor 5.
        .executableTarget(
            name: "omni",
            dependencies: [
                "Document", "Schema", "Mapping", "Formats", "Transports", "Kafka", "Canonical", "Consistency",
                "Installation", "Hub", "Connector", "Operations", "API", "Demo", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["start.order"], swiftSettings: settings, linkerSettings: small),

        // The clock that librdkafka asks, set by a test.
        .target(name: "WaitSpy", path: "Tests/WaitSpy"),
        // What tests share. Depends on nothing of ours.
        .target(
            name: "TestBroker", dependencies: ["EmbeddedBroker"], path: "Tests/TestBroker", swiftSettings: settings),
        .target(
            name: "TestHub",
            dependencies: [
                "CRdKafka", "TestBroker", "Canonical", "Document", "Hub", "Installation", "Kafka", "Transports",
                logging,
            ],
            path: "Tests/TestHub", swiftSettings: settings),
        // The hub and the connectors against a simulated broker and simulated systems, in virtual time.
        .target(
            name: "Simulation",
            dependencies: [
                "Canonical", "Connector", "Consistency", "Digests", "Document", "Hub", "Installation", "Kafka",
                "Mapping", "Schema", "Transports", logging,
            ],
            path: "Tests/Simulation", swiftSettings: settings),
        .executableTarget(
            name: "omni-simulate",
            dependencies: ["Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/omni-simulate", swiftSettings: settings),
        // Measures; not part of the product.
        .executableTarget(
            name: "omni-bench",
            dependencies: [
                "CLinux", "Canonical", "Consistency", "Digests", "Document", "Hub", "Installation", "Kafka", "Schema",
                "TestBroker",
                "TestHub", "Transports", logging,
            ],
            path: "Benchmarks", exclude: ["CLoop", "Peers"], swiftSettings: settings),
        // Our side of the comparison with mappers and validators of others; it counts its allocations.
        .target(name: "Allocations", path: "Benchmarks/Peers/Allocations"),
        .executableTarget(
            name: "omni-peers", dependencies: ["Allocations", "Document", "Mapping", "Schema"],
            path: "Benchmarks/Peers/Measure", swiftSettings: settings),
        // The limit beside the hub's figures.
        .executableTarget(
            name: "c-loop", dependencies: ["CRdKafka", "CLMDB"], path: "Benchmarks/CLoop",
            cSettings: [.define("NDEBUG")]),

        // The public suites of JSONata and JSON Schema: make conformance.
        .executableTarget(
            name: "omni-conformance", dependencies: ["Document", "Mapping", "Schema"], path: "Tests/Conformance",
            exclude: ["exceptions.txt"], swiftSettings: settings),
        // Real processes killed at random, and an auditor; not part of the product.
        .executableTarget(
            name: "omni-chaos",
            dependencies: [
                "Demo", "Digests", "Document", "EmbeddedBroker", "Kafka", "Transports", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], path: "Tests/Chaos", swiftSettings: settings),

        // What takes bytes from anywhere: make fuzz feeds it, FuzzTests runs what was ever found.
        .target(
            name: "FuzzTargets", dependencies: ["Document", "Formats", "Mapping", "Patterns", "Schema"],
            path: "Tests/Fuzz/Targets", swiftSettings: settings),
        tests("Document"),
        tests("Digests"),
        tests("Patterns"),
        tests("Schema", ["Document"]),
        tests("Mapping", ["Document"]),
        tests("Formats", ["Document"]),
        tests("Transports", ["Digests"]),
        tests("Canonical", ["Document", "Digests", "Mapping"]),
        tests("Kafka", ["CRdKafka", "EmbeddedBroker", "TestBroker", "WaitSpy", logging]),
        tests("Consistency", ["Document", "Canonical"]),
        tests("Installation", ["Document", "Canonical", "Formats"]),
        tests(
            "Connector",
            ["Document", "Canonical", "Kafka", "Installation", "Transports", "Mapping", "Demo", "TestBroker", logging]),
        tests(
            "Hub",
            ["omni", "Document", "Canonical", "Consistency", "Digests", "Kafka", "Transports", "TestHub", logging]),
        tests("Operations", ["CRdKafka", "Document", "Canonical", "Kafka", "TestHub", "Transports", logging]),
        tests("API", ["Canonical", "Document", "Hub", "Kafka", "Transports", "TestHub", logging]),
        .testTarget(
            name: "CommandTests", dependencies: ["omni", "Document", "TestBroker", "TestHub", "Transports", logging],
            swiftSettings: settings),
        tests("Demo", ["Document", "Digests", "Transports"]),
        tests("Simulation", ["Canonical", "Consistency", "Document", "Hub", "Kafka"]),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], swiftSettings: settings),
    ]
)

// libFuzzer is there only where the compiler brings it in: tools/fuzz.
if Context.environment["OMNI_FUZZ"] != nil {
    package.targets += [
        .executableTarget(
            name: "omni-fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Driver", swiftSettings: settings)
    ]
}
