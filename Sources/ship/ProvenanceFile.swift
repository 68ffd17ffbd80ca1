import Foundation
import Nodes
import Pipeline
import Store

/// A provenance file given as a pipeline: makes an export again from the same images.
struct ProvenanceFile {
    private let provenance: Provenance

    /// Of the project, which stands in tables where images say nothing themselves.
    var title: String { provenance.title }

    /// Nil when the file is an ordinary pipeline.
    init?(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path), let held = try? JSONDecoder().decode(Provenance.self, from: data) else { return nil }
        guard held.provenance <= Provenance.currentFormat else {
            throw Sentence("\(path) was written by ship \(held.program.version), which knows more than this one (\(shipVersion)); use that version")
        }
        provenance = held
    }

    /// Compares the images of a folder with those the export was made of, and warns of what will differ in the result.
    /// - Throws: when files differ or are missing: then the result would be another one.
    func checkInputs(_ folder: String) throws {
        let files = try FolderHandle(path: folder)
        var different: [String] = []
        for input in provenance.inputs {
            do {
                let digest = try FileDigest.sha256(try files.openFile(input.name)).sha256
                if digest != input.sha256 { different.append("\(input.name) has other bytes") }
            } catch { different.append("\(input.name) is missing") }
        }
        guard different.isEmpty else {
            throw Sentence(
                "\(different.count) of \(provenance.inputs.count) images are not those of the export: \(different.prefix(10).joined(separator: ", "))\(different.count > 10 ? " …" : ""); "
                    + "give the folder with the same images, or take only the pipeline out of the file")
        }
        let known = Set(AllNodes.classes.map { "\($0.kind) \($0.version)" })
        for node in provenance.pipeline.nodes where !known.contains("\(node.kind) \(node.version)") {
            warn("node \(node.name) (\(node.kind)) was version \(node.version) then and is another now; its results may differ")
        }
        if provenance.program.version != shipVersion { warn("the export was made by ship \(provenance.program.version), this is \(shipVersion)") }
        let hand = provenance.hand
        if hand.edits + hand.labels > 0 {
            warn("\(hand.edits) edits and \(hand.labels) labels were made by hand; they are not part of the file, so objects come as the pipeline alone finds them")
        }
        let drawn = provenance.inputs.filter { $0.area != nil }
        if !drawn.isEmpty { warn("areas were drawn by hand on \(drawn.count) images, the first \(drawn[0].name); they are not set again") }
        let sized = provenance.inputs.filter { $0.pixelSizeSource == "hand" }
        if !sized.isEmpty { warn("the pixel size of \(sized.count) images was entered by hand, the first \(sized[0].name); set it in the import node") }
    }

    private func warn(_ sentence: String) { complain("warning: \(sentence)") }
}
