// swift-tools-version: 6.2
import PackageDescription

// `ship` is one file that runs anywhere: the Swift runtime and every image library are linked statically.
// `.deps/lib` (made by `make setup`) holds links to the static archives only, so the linker cannot pick a shared library.
let staticLinking: LinkerSetting = .unsafeFlags([
    "-static-stdlib",
    "-Xclang-linker", "-static-libgcc", "-Xclang-linker", "-static-libstdc++",
    "-Xlinker", "--gc-sections", "-Xlinker", "-s",
    // Modules are compiled once for tests (shared runtime) and for `ship` (static runtime), so what the static
    // Foundation needs is not auto-linked and is named here.
    "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims", "-l_FoundationCollections", "-lBlocksRuntime",
    "-lswiftSynchronization", "-lstdc++",
])
let staticArchives: LinkerSetting = .unsafeFlags(["-L\(Context.packageDirectory)/.deps/lib"])
// One group of all image libraries, whose members need each other in no fixed order.
let imageLibraries: [LinkerSetting] = [staticArchives, .linkedLibrary("shipdeps"), .linkedLibrary("m")]

let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
/// The C functions below it.
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let yaml: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "ship",
    products: [.executable(name: "ship", targets: ["ship"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        // Pipeline files for schedulers are YAML as often as JSON; Yams holds libyaml, which knows YAML better than a reader of ours would.
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        // The house, from the ground up; a target imports only from the lines above its own.
        .target(name: "CPNG", linkerSettings: imageLibraries),
        .target(name: "CJPEG", linkerSettings: imageLibraries),
        .target(name: "CTIFF", linkerSettings: imageLibraries),
        .target(name: "CEXIF", linkerSettings: imageLibraries),
        .target(name: "CZip", linkerSettings: imageLibraries),
        .target(name: "CPOSIX"),
        .target(name: "CAssets", exclude: ["generated"]),

        .target(name: "Raster"),
        .target(name: "Assets", dependencies: ["CAssets"]),
        .target(name: "Codecs", dependencies: ["Raster", "CPNG", "CJPEG", "CTIFF", "CEXIF", "CZip"]),
        .target(name: "Store", dependencies: ["Raster", "Assets", "CPOSIX", grdb, sqlite, crypto]),
        .target(name: "Operations", dependencies: ["Raster"]),
        .target(name: "Pipeline", dependencies: ["Raster"]),
        .target(name: "Pyramid", dependencies: ["Raster", "Codecs"]),
        .target(name: "Nodes", dependencies: ["Raster", "Assets", "Codecs", "Store", "Operations", "Pipeline", "Pyramid"]),
        .target(name: "Editing", dependencies: ["Raster", "Codecs", "Store", "Operations", "Pipeline", "Nodes"]),
        .target(name: "Demo", dependencies: ["Raster", "Codecs", "Operations"]),
        .target(name: "Jobs", dependencies: ["Raster", "Codecs", "Store", "Operations", "Pipeline", "Pyramid", "Nodes", logging]),
        .target(
            name: "Server",
            dependencies: [
                "Raster", "Assets", "Codecs", "Store", "Operations", "Pipeline", "Pyramid", "Nodes", "Editing", "Jobs",
                hummingbird, crypto, logging,
            ]),
        .executableTarget(
            name: "ship",
            dependencies: [
                "Raster", "Codecs", "Store", "Operations", "Pipeline", "Pyramid", "Nodes", "Editing", "Demo", "Jobs", "Server",
                arguments, logging, yaml,
            ],
            linkerSettings: [staticArchives, staticLinking]),
        .executableTarget(
            name: "ship-bench",
            dependencies: ["Raster", "Codecs", "Store", "Operations", "Pipeline", "Pyramid", "Nodes", "Demo", "Jobs", logging],
            linkerSettings: [staticArchives]),

        .testTarget(name: "HouseTests"),
        .testTarget(name: "RasterTests", dependencies: ["Raster"]),
        .testTarget(name: "OperationsTests", dependencies: ["Raster", "Operations", "Codecs"]),
        .testTarget(name: "CodecsTests", dependencies: ["Raster", "Codecs"]),
        .testTarget(name: "PyramidTests", dependencies: ["Raster", "Codecs", "Pyramid"]),
        .testTarget(name: "StoreTests", dependencies: ["Raster", "Store", grdb]),
        .testTarget(name: "PipelineTests", dependencies: ["Raster", "Pipeline"]),
        .testTarget(name: "NodesTests", dependencies: ["Raster", "Codecs", "Store", "Operations", "Pipeline", "Nodes", "Demo"]),
        .testTarget(name: "EditingTests", dependencies: ["Raster", "Codecs", "Store", "Operations", "Pipeline", "Nodes", "Editing", "Demo"]),
        .testTarget(name: "DemoTests", dependencies: ["Raster", "Codecs", "Operations", "Demo"]),
        .testTarget(name: "JobsTests", dependencies: ["Raster", "Codecs", "Store", "Pipeline", "Nodes", "Jobs", "Demo", logging]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Raster", "Assets", "Codecs", "Store", "Pipeline", "Nodes", "Editing", "Jobs", "Demo", "Server", hummingbird, crypto, logging,
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c2x
)
