/** The example app with the profile of Workers alone: its bundle holds the presets of that profile and no others. */
import { defineApp } from '@flowport/flow'
import { about, flows } from './flows.ts'
import { workers } from './workers-profile.ts'

export default defineApp({ ...about, flows, profiles: { workers } })
