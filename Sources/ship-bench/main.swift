import Foundation

// Fixed inputs and their sizes; release build: `swift run -c release ship-bench [part of a name] [--table FILE] [--inputs FOLDER]`.
// --table writes name and CPU seconds of each case, --inputs the drawn scenes, so that other programs can be timed on the same pixels.
var filter: String?
var options: [String: String] = [:]
var words = CommandLine.arguments.dropFirst().makeIterator()
while let word = words.next() {
    if word.hasPrefix("--") { options[word] = words.next() } else { filter = word }
}
if let folder = options["--inputs"] { try Scenes.write(to: folder) }
let benchmark = Benchmark(filter: filter, table: options["--table"])

if benchmark.isOnly(group: "jobs") {
    // Nothing is drawn for these.
    try await jobBenchmarks(benchmark)
    exit(0)
}
try frameBenchmarks(benchmark)
try codecBenchmarks(benchmark)
try filterBenchmarks(benchmark)
try regionBenchmarks(benchmark)
morphologyBenchmarks(
    benchmark, sparse: Scenes.sparse.mask(darkerThanOrEqual: Scenes.sparseLevel), dense: Scenes.dense.mask(darkerThanOrEqual: Scenes.denseLevel))
measureBenchmarks(benchmark)
textureBenchmarks(benchmark)
try await jobBenchmarks(benchmark)
