import Codecs
import Foundation
import Nodes
import Pipeline
import Store

extension ImageImporter {
    /// Registers an image that a step of the pipeline made of others, and builds its pyramid.
    ///
    /// - Parameters:
    ///   - number: place among those of its group, for its `uid`.
    ///   - folder: where its file lies.
    ///   - frames: of the group, those that are not in it too.
    /// - Throws: `CodecError` when the file cannot be read: a mistake of the node that wrote it.
    func insertMade(
        _ image: Gathered.NewImage, number: Int, folder: String, step: String, made: MadeImage, frames: [FrameGroup.Frame], isCancelled: @Sendable () -> Bool
    ) async throws -> ImageRecord {
        let location = ImageLocation.project(path: "\(folder)/\(image.file)")
        let file = try project.openFile(at: location)
        let (sha256, bytes) = try FileDigest.sha256(file) { _ in if isCancelled() { throw RunCancelled() } }
        let uid = String(FileDigest.sha256(Array("\(step)\n\(made.key)\n\(number)".utf8)).prefix(20))
        var new = NewImage(uid: uid, name: image.name, location: location, node: step, sha256: sha256, bytes: bytes)
        let header = try ImageFile.header(descriptor: file.descriptor, name: image.name)
        (new.width, new.height, new.channels, new.bits, new.format) = (header.width, header.height, header.channels, header.bitsPerSample, header.format.rawValue)
        let inside = frames.filter { made.frames.contains($0.image.uid) }
        let sizes = Set(inside.map(\.image.pixelSize))
        if let size = image.pixelSizeMicrometres ?? (sizes.count == 1 ? sizes.first ?? nil : nil) { (new.pixelSize, new.pixelSizeSource) = (size, step) }
        new.metadata = (inside.first?.metadata ?? [:]).filter { key, value in key != "acq_pixel_um" && inside.allSatisfy { $0.metadata[key] == value } }
            .merging(image.metadata) { $1 }
        new.metadataSource = .imported
        new.made = made
        new.details = String(decoding: try JSONEncoder().encode(image.details), as: UTF8.self)
        let stored = try await project.insertImage(new)
        return try await finish(stored, isCancelled: isCancelled)
    }
}
