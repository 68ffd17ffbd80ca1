import Codecs
import Foundation
import Operations
import Raster

/// From gray levels to objects: thresholding, labelling, sums; and a whole file with the `ship` beside this program.
func regionBenchmarks(_ benchmark: Benchmark) throws {
    for (name, image, level) in [("sparse", Scenes.sparse, Scenes.sparseLevel), ("dense", Scenes.dense, Scenes.denseLevel)] {
        let mask = image.mask(darkerThanOrEqual: level)
        func run(_ what: String, _ body: () -> Void) {
            benchmark.run("\(what), 40 MP \(name)", items: Scenes.pixels, per: 1e6, unit: "MP", body)
        }
        run("threshold to runs") { _ = image.mask(darkerThanOrEqual: level) }
        run("regions: threshold, label, box, moments, gray") { _ = image.regionSums(darkerThanOrEqual: level) }
        run("regions as masks, with threshold") { _ = image.mask(darkerThanOrEqual: level).components() }
        run("regions with nesting, of a mask") { _ = mask.regions(RegionRules(nested: .all)) }
        run("regions in strips of 64 rows, with threshold") {
            let stream = RegionStream(frame: image.bounds, rules: RegionRules(minArea: 50, nested: .all), emitsRejected: false)
            for y in stride(from: 0, to: image.height, by: 64) {
                let strip = image.cropped(to: Rect(x: 0, y: y, width: image.width, height: min(64, image.height - y)))
                stream.add(strip.mask(darkerThanOrEqual: level))
                _ = stream.takeClosed()
            }
            _ = stream.finish()
        }
    }
    try fileToObjects(benchmark)
}

/// `ship measure` of a colour JPEG of 160 megapixels, beside decoding alone.
private func fileToObjects(_ benchmark: Benchmark) throws {
    let name = "file to objects, 160 MP JPEG"
    guard benchmark.includes(name) else { return }
    let ship = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "ship")
    guard FileManager.default.isExecutableFile(atPath: ship.path) else {
        print("\(name): skipped, there is no `ship` beside ship-bench; run `make build` first")
        return
    }
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-bench-regions-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, table) = (folder.appending(path: "scene.jpg").path, folder.appending(path: "objects.csv").path)
    try Data(JPEGWriter.encode(.color8(tiledScene()), quality: 90)).write(to: URL(filePath: file))

    let pixels = 4 * Scenes.pixels
    try benchmark.run("decode rows alone, 160 MP JPEG (\(name))", items: pixels, per: 1e6, unit: "MP", repeats: 3) {
        let reader = try ImageFile.rows(path: file)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * reader.header.rowBytes, alignment: 16)
        defer { bytes.deallocate() }
        for y in stride(from: 0, to: reader.header.height, by: 16) { try reader.readRows(into: bytes, count: min(16, reader.header.height - y)) }
    }
    var peak = 0
    for threshold in ["\(Scenes.sparseLevel)", "otsu"] {
        try benchmark.run("\(name), threshold \(threshold)", items: pixels, per: 1e6, unit: "MP", repeats: 3, who: RUSAGE_CHILDREN) {
            let process = Process()
            process.executableURL = ship
            process.arguments = ["measure", file, "--output", table, "--threshold", threshold, "--min-area", "50"]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            while process.isRunning {
                peak = max(peak, peakMemory(of: process.processIdentifier))
                usleep(10_000)
            }
            precondition(process.terminationStatus == 0, "ship measure ended with \(process.terminationStatus)")
        }
    }
    print("\(name): peak memory \(peak) MB")
}

/// Largest resident memory so far, in MB. The usage of ended children will not do: it counts the memory this process had when it started them.
private func peakMemory(of process: pid_t) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) / 1024
}

/// The sparse scene four times, slightly coloured.
private func tiledScene() -> Image<BGR<UInt8>> {
    let scene = Scenes.sparse
    return Image(width: 2 * scene.width, height: 2 * scene.height) { pixels in
        scene.withBuffer { source in
            for y in 0..<(2 * scene.height) {
                let row = source.baseAddress! + (y % scene.height) * scene.width
                let target = pixels.baseAddress! + y * 2 * scene.width
                for x in 0..<scene.width {
                    let level = row[x]
                    let pixel = BGR(blue: level &- level / 16, green: level, red: level &+ (255 &- level) / 16)
                    (target[x], target[x + scene.width]) = (pixel, pixel)
                }
            }
        }
    }
}
