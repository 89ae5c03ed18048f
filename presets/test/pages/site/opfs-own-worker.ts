/** An app's own worker for the store to write through. */
import { serveOpfsWrites } from '@flowport/presets/opfs-browser'

serveOpfsWrites()
