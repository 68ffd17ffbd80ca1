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
    /// What a person said for all images; nil: each file's own.
    private let pixelSize: Double?
    /// Native tiles of a JPEG keep its coefficients.
    private let isLossless: Bool
    /// Setting of a project that says so; true where it is missing, since it costs no more time and 5 % of the pyramid's size.
    package static let losslessSetting = "losslessPyramids"

    /// Takes pattern and pixel size from the project's import node.
    package init(project: Project) async throws {
        let graph = try await project.pipelineGraph()
        let sources = [ImportNode.kind, ImportMasksNode.kind, ImportEcoTaxaNode.kind]
        let instance = sources.lazy.compactMap { kind in graph.nodes.first { $0.kind == kind } }.first ?? Graph.Instance(name: "images", kind: ImportNode.kind)
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
        let new = try describe(try project.openFile(at: location), at: location, name: name, known: known, isCancelled: isCancelled)
        let image = try await project.insertImage(new)
        if image.isNew && image.state != .failed { isKnown(image) }
        guard needsPyramid(image) else { return image }
        var finished = try await finish(image, isCancelled: isCancelled)
        finished.isNew = image.isNew
        return finished
    }

    /// What a file and its name say, before the project knows of it. A file that cannot be read is described as failed.
    func describe(
        _ file: OpenFile, at location: ImageLocation, name: String, known: (sha256: String, bytes: Int)? = nil, isCancelled: @Sendable () -> Bool = { false }
    ) throws -> NewImage {
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
            (new.pixelSize, new.pixelSizeSource) = Self.calibration(of: exif)
        } catch {
            (new.state, new.error) = (.failed, "\(error)")
        }
        let named = said(by: name)
        new.namedMetadata = (named ?? [:]).filter { !FieldNames.pixelSizeTokens.contains($0.key) }.reduce(into: [:]) { $0[FieldNames.field(for: $1.key)] = $1.value }
        (new.pixelSize, new.pixelSizeSource) = calibration(present: (new.pixelSize, new.pixelSizeSource), named: named)
        return new
    }

    /// Whether the image's pyramid was never finished: a new image, or one that failed before, for example by a full disk.
    func needsPyramid(_ image: ImageRecord) -> Bool { image.pyramid == nil && image.width > 0 && (image.isNew ? image.state != .failed : true) }

    private func said(by name: String) -> [String: String]? { pattern.flatMap { $0.match(name) } }

    private static func calibration(of exif: EXIF?) -> (Double?, String?) {
        guard case .size(let size)? = exif?.resolution?.pixelSize else { return (nil, nil) }
        return (size.micrometres, size.source.rawValue)
    }

    /// Of several pixel sizes the first of these counts: what a person entered for this very image, what its name says, what a
    /// person said for the whole project, what its file says. People know when a file is wrong; a file does not.
    ///
    /// - Parameter file: what the file says, asked only where nobody says anything any more.
    private func calibration(
        present: (size: Double?, source: String?), named: [String: String]?, file: () -> (Double?, String?) = { (nil, nil) }
    ) -> (Double?, String?) {
        if present.source == MetadataSource.hand.rawValue { return present }
        let value = FieldNames.pixelSizeTokens.compactMap { named?[$0] }.compactMap(Double.init).first { $0 > 0 && $0.isFinite }
        if let value { return (value, MetadataSource.pattern.rawValue) }
        if present.source == MetadataSource.pattern.rawValue { return present }
        if let pixelSize { return (pixelSize, Self.projectSource) }
        return present.source == Self.projectSource ? file() : present
    }

    private static let projectSource = "project"

    /// Gives images the pixel size that counts now, after the project's was changed. Images that were made of others keep theirs, which follows from those.
    ///
    /// - Returns: those whose pixel size is another than before, as they were.
    package func calibrate(_ images: [ImageRecord]) async throws -> [ImageRecord] {
        var changed: [ImageRecord] = []
        for image in images where image.made == nil && image.width > 0 {
            if try await calibrate(image, named: said(by: image.name)) { changed.append(image) }
        }
        return changed
    }

    private func calibrate(_ image: ImageRecord, named: [String: String]?) async throws -> Bool {
        let project = project
        let (size, source) = calibration(present: (image.pixelSize, image.pixelSizeSource), named: named) {
            Self.calibration(of: (try? project.openOriginal(image)).flatMap { EXIF.read(path: "/proc/self/fd/\($0.descriptor)") })
        }
        guard size != image.pixelSize || source != image.pixelSizeSource else { return false }
        var change = ImageChange()
        (change.pixelSize, change.pixelSizeSource) = (.some(size), source ?? Self.projectSource)
        try await project.updateImage(image.id, change)
        return size != image.pixelSize
    }

    /// Gives an image what its name says by the present pattern, and the pixel size. Returns whether the name matched.
    @discardableResult
    package func applyNames(to image: ImageRecord) async throws -> Bool {
        let named = said(by: image.name)
        if let named {
            var values: [String: String?] = [:]
            for (token, value) in named where !FieldNames.pixelSizeTokens.contains(token) { values[FieldNames.field(for: token)] = value }
            try await project.setMetadata(image.id, values, source: .pattern, by: "pattern")
        }
        _ = try await calibrate(image, named: named)
        return pattern == nil || named != nil
    }

    /// Builds the pyramid, which reads every pixel: only now is it certain that the file is whole.
    func finish(_ image: ImageRecord, isCancelled: @Sendable () -> Bool) async throws -> ImageRecord {
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
