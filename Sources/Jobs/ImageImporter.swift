import Codecs
import Foundation
import Nodes
import Pipeline
import Pyramid
import Raster
import Store

/// Brings one image file into a project: size, hash, metadata, pixel size, pyramid.
///
/// The original is never changed. A file that cannot be read is listed with its reason.
package struct ImageImporter: Sendable {
    package let project: Project
    /// Instance name of the importing node; its folder holds uploads and pyramids.
    package let node: String
    private let pattern: FileNamePattern?
    /// Given by hand for all images; nil: from metadata.
    private let pixelSize: Double?
    /// Native tiles of a JPEG keep its coefficients.
    private let isLossless: Bool
    /// Setting of a project that says so; true where it is missing, since it costs no more time and 5 % of the pyramid's size.
    package static let losslessSetting = "losslessPyramids"

    /// Takes pattern and pixel size from the project's import node.
    package init(project: Project) async throws {
        let graph = try await project.pipelineGraph()
        let instance = graph.nodes.first { $0.kind == ImportNode.kind } ?? Graph.Instance(name: "images", kind: ImportNode.kind)
        let text = instance.config["pattern"]?.stringValue ?? ""
        let size = instance.config["pixelSizeUm"]?.numberValue ?? 0
        (self.project, node) = (project, instance.name)
        pattern = text.isEmpty ? nil : try FileNamePattern(text)
        pixelSize = size > 0 ? size : nil
        isLossless = try await project.setting(Self.losslessSetting) != "false"
    }

    /// Registers a file that lies where `location` says and builds its pyramid.
    ///
    /// - Parameters:
    ///   - name: as people know it, with its folders.
    ///   - known: hash and size when the caller has them already.
    ///   - isKnown: called when the image is in the project, before its pyramid is made.
    /// - Returns: the image; of a file whose bytes the project has already, that image, and nothing is stored twice.
    /// - Throws: `StoreError` when the project cannot take it. A bad file is no error: it is listed as failed.
    package func importFile(
        at location: ImageLocation, name: String, known: (sha256: String, bytes: Int)? = nil, isCancelled: @Sendable () -> Bool = { false },
        isKnown: @Sendable (ImageRecord) -> Void = { _ in }
    ) async throws -> ImageRecord {
        let file = try project.openFile(at: location)
        let (sha256, bytes) = try known ?? FileDigest.sha256(file) { _ in if isCancelled() { throw RunCancelled() } }
        var new = NewImage(uid: String(sha256.prefix(20)), name: name, location: location, node: node, sha256: sha256, bytes: bytes)
        do {
            let header = try ImageFile.header(descriptor: file.descriptor, name: name)
            let exif = EXIF.read(path: "/proc/self/fd/\(file.descriptor)")
            new.orientation = exif?.orientation ?? 1
            let isTurned = new.orientation >= 5
            (new.width, new.height) = isTurned ? (header.height, header.width) : (header.width, header.height)
            (new.channels, new.bits, new.format) = (header.channels, header.bitsPerSample, header.format.rawValue)
            new.metadata = exif.map(ImageMetadata.fields) ?? [:]
            if let resolution = exif?.resolution, case .size(let size) = resolution.pixelSize {
                (new.pixelSize, new.pixelSizeSource) = (size.micrometres, size.source.rawValue)
            }
        } catch {
            (new.state, new.error) = (.failed, "\(error)")
        }
        let inserted = try await project.insertImage(new)
        if !inserted.isNew {
            // The same bytes as an image that failed before, for example by a full disk: try again.
            return inserted.pyramid == nil && inserted.width > 0 ? try await finish(inserted, isCancelled: isCancelled) : inserted
        }
        try await applyNames(to: inserted)
        let current = try await project.image(inserted.id) ?? inserted
        guard new.state != .failed else { return current }
        isKnown(current)
        var finished = try await finish(current, isCancelled: isCancelled)
        finished.isNew = true
        return finished
    }

    /// Fields of the file-name pattern, and the pixel size. Returns whether the name matched.
    ///
    /// Of several pixel sizes the first of these counts: what a person entered for this very image, what its name says, what its
    /// file says, what the project says for images that do not say.
    @discardableResult
    package func applyNames(to image: ImageRecord) async throws -> Bool {
        var matched = true
        var (size, source) = (image.pixelSize, image.pixelSizeSource)
        if source == nil || source == "project" { (size, source) = (pixelSize, pixelSize.map { _ in "project" }) }
        if let pattern {
            if let fields = pattern.match(image.name) {
                var values: [String: String?] = [:]
                for (token, value) in fields where !FieldNames.pixelSizeTokens.contains(token) { values[FieldNames.field(for: token)] = value }
                try await project.setMetadata(image.id, values, source: .pattern, by: "pattern")
                let named = FieldNames.pixelSizeTokens.compactMap { fields[$0] }.compactMap(Double.init).first { $0 > 0 && $0.isFinite }
                if let named, source != "hand" { (size, source) = (named, "pattern") }
            } else {
                matched = false
            }
        }
        if let size, let source, size != image.pixelSize || source != image.pixelSizeSource {
            try await setPixelSize(size, source: source, image: image)
        }
        return matched
    }

    private func setPixelSize(_ size: Double, source: String, image: ImageRecord) async throws {
        var change = ImageChange()
        change.pixelSize = .some(size)
        change.pixelSizeSource = source
        try await project.updateImage(image.id, change)
    }

    /// Builds the pyramid, which reads every pixel: only now is it certain that the file is whole.
    private func finish(_ image: ImageRecord, isCancelled: @Sendable () -> Bool) async throws -> ImageRecord {
        var change = ImageChange()
        do {
            change.pyramid = .some(try buildPyramid(of: image, isCancelled: isCancelled))
            change.state = image.state == .processed ? .processed : .ready
            change.error = .some(nil)
        } catch let error as CodecError {
            (change.state, change.error) = (.failed, .some("\(error)"))
        } catch let error as PyramidError {
            (change.state, change.error) = (.failed, .some("\(error)"))
        }
        try await project.updateImage(image.id, change)
        return try await project.image(image.id) ?? image
    }

    /// Writes the pyramid file of an image and returns its path below the project. Such files can be deleted at any time.
    package func buildPyramid(of image: ImageRecord, isCancelled: @Sendable () -> Bool = { false }) throws -> String {
        try build(Self.pyramidPath(of: image), of: image, isCancelled) { source, path in
            try source.write(to: path, tileSize: 512, quality: 85, isLossless: isLossless, pixelSizeMicrometres: image.pixelSize) { _ in if isCancelled() { throw RunCancelled() } }
        }
    }

    /// Writes the file of a 16-bit image from which windows of full depth are shown, and returns its path. It can be deleted too.
    package func buildDeepPyramid(of image: ImageRecord, isCancelled: @Sendable () -> Bool = { false }) throws -> String {
        try build(Self.deepPyramidPath(of: image), of: image, isCancelled) { source, path in
            try source.writeDeep(to: path) { _ in if isCancelled() { throw RunCancelled() } }
        }
    }

    /// Place of the pyramid below the project, whether it is there or not.
    package static func pyramidPath(of image: ImageRecord) -> String {
        "\(image.node)/pyramids/\(image.uid)\(image.page == 0 ? "" : "-\(image.page)").tif"
    }

    package static func deepPyramidPath(of image: ImageRecord) -> String { pyramidPath(of: image).dropLast(4) + "-deep.tif" }

    private func build(
        _ relative: String, of image: ImageRecord, _ isCancelled: @Sendable () -> Bool, _ write: (PyramidImage, _ path: String) throws -> Void
    ) throws -> String {
        let claim = try PyramidBuilds.claim("\(project.folder)/\(relative)", isCancelled: isCancelled)
        defer { claim.release() }
        // Whoever had the claim before has made it.
        if claim.hasWaited, try project.files.size(relative) != nil { return relative }
        try project.files.makeFolder("\(image.node)/pyramids")
        let original = try project.openOriginal(image)
        try project.files.writeAtPath(relative) { path in
            try write(PyramidImage(descriptor: original.descriptor, name: image.name, page: image.page, orientation: image.orientation), path)
        }
        return relative
    }
}
