import Foundation

// Fixed inputs and their sizes; release build: `swift run -c release ship-bench [part of a name] [--table FILE] [--inputs FOLDER]`.
// --table writes name and CPU seconds of each case, --inputs the drawn scenes, so that other programs can be timed on the same pixels.
var words = Array(CommandLine.arguments.dropFirst())
func option(_ name: String) -> String? {
    guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
    defer { words.removeSubrange(index...(index + 1)) }
    return words[index + 1]
}
if let folder = option("--inputs") { try Scenes.write(to: folder) }
let table = option("--table")
let benchmark = Benchmark(filter: words.first, table: table)

try frameBenchmarks(benchmark)
try codecBenchmarks(benchmark)
try filterBenchmarks(benchmark)
try regionBenchmarks(benchmark)
morphologyBenchmarks(
    benchmark, sparse: Scenes.sparse.mask(darkerThanOrEqual: Scenes.sparseLevel), dense: Scenes.dense.mask(darkerThanOrEqual: Scenes.denseLevel))
measureBenchmarks(benchmark)
textureBenchmarks(benchmark)
