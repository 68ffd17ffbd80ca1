import Foundation
import Testing

/// The plan of the house: a target may import what stands below it.
private let below: [String: Set<String>] = {
    let foundation: Set<String> = ["Raster"]
    let files: Set<String> = ["Raster", "Assets"]
    let middle: Set<String> = ["Raster", "Codecs", "Store", "Operations", "Pipeline", "Pyramid"]
    return [
        "Raster": [], "Assets": ["CAssets"],
        "Codecs": foundation.union(["CPNG", "CJPEG", "CTIFF", "CEXIF", "CZip"]),
        "Store": files.union(["CPOSIX"]),
        "Operations": foundation, "Pipeline": foundation, "Pyramid": ["Raster", "Codecs"],
        "Nodes": middle.union(["Assets"]),
        "Editing": middle.union(["Nodes"]),
        "Demo": ["Raster", "Codecs", "Operations"],
        "Jobs": middle.union(["Nodes"]),
        "Server": middle.union(["Assets", "Nodes", "Editing", "Jobs"]),
        "ship": middle.union(["Nodes", "Editing", "Demo", "Jobs", "Server"]),
        "ship-bench": ["Raster", "Codecs", "Operations", "Pyramid", "Demo", "Store", "Pipeline", "Nodes", "Jobs"],
    ]
}()

private let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources")

private struct Import: Hashable, CustomStringConvertible {
    let target: String
    let file: String
    let module: String
    var description: String { "\(target)/\(file) imports \(module)" }
}

private func imports() throws -> [Import] {
    var found: [Import] = []
    for target in try FileManager.default.contentsOfDirectory(atPath: sources.path) where !target.hasPrefix(".") {
        guard let files = FileManager.default.enumerator(atPath: sources.appending(path: target).path) else { continue }
        for case let file as String in files where file.hasSuffix(".swift") {
            let text = try String(contentsOf: sources.appending(path: target).appending(path: file), encoding: .utf8)
            for line in text.split(separator: "\n") {
                guard let match = line.firstMatch(of: /^\s*(?:@\w+\s+|public\s+|package\s+)*import\s+(?:struct\s+|class\s+|enum\s+|func\s+)?(\w+)/) else { continue }
                found.append(Import(target: target, file: file, module: String(match.1)))
            }
        }
    }
    return found
}

@Test func `imports only go down`() throws {
    let own = Set(below.keys).union(["CPNG", "CJPEG", "CTIFF", "CEXIF", "CZip", "CPOSIX", "CAssets"])
    let all = try imports()
    #expect(all.count > 50)
    let wrong = all.filter { own.contains($0.module) && !(below[$0.target] ?? []).contains($0.module) }
    #expect(wrong.isEmpty, "\(wrong.map(\.description).joined(separator: "\n"))")
}

@Test func `every target has its place in the plan`() throws {
    let targets = try FileManager.default.contentsOfDirectory(atPath: sources.path).filter { !$0.hasPrefix(".") }
    let swiftTargets = targets.filter { !($0.hasPrefix("C") && $0.dropFirst().first?.isUppercase == true) }
    #expect(Set(swiftTargets) == Set(below.keys))
}

@Test func `the ground floor knows neither files nor Foundation`() throws {
    // One call to the system, for advice about memory.
    let wrong = try imports().filter { $0.target == "Raster" && !($0.file == "HugePages.swift" && $0.module == "Glibc") }
    #expect(wrong.isEmpty, "\(wrong.map(\.description).joined(separator: "\n"))")
}

@Test func `only Codecs, Store and Assets touch C`() throws {
    let wrong = try imports().filter { $0.module.wholeMatch(of: /C[A-Z]\w*/) != nil && !["Codecs", "Store", "Assets"].contains($0.target) && $0.module != "Crypto" }
    #expect(wrong.isEmpty, "\(wrong.map(\.description).joined(separator: "\n"))")
}
