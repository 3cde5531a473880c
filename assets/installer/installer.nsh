; The firewall rule of the per-user installer: coworkers reach this program, in domain and private networks. It is the one thing that needs an
; administrator, so that it is the one thing that Windows asks about. Who says no has an app that tells what to do.
!include LogicLib.nsh

; By its full path: what runs elevated must not be looked for in the folder that the installer was started from.
!define POTLUCK_FIREWALL `"$SYSDIR\netsh.exe" advfirewall firewall`
!define POTLUCK_RULE `name="Potluck" program="$INSTDIR\${APP_EXECUTABLE_FILENAME}"`

; Run by cmd, so that two commands are one question. /d: without the commands that somebody may have set for every cmd; /s: the outer pair of
; quotes is taken off, and nothing else.
!macro potluckElevated COMMANDS
  UserInfo::GetAccountType
  Pop $0
  ${If} $0 == "Admin"
    nsExec::Exec `"$SYSDIR\cmd.exe" /d /s /c "${COMMANDS}"`
    Pop $0
  ${ElseIfNot} ${Silent}
    ; Nobody is there to answer a silent installation: an administrator who wants the rule runs it elevated, or takes the MSI.
    ClearErrors
    ExecShellWait "runas" "$SYSDIR\cmd.exe" `/d /s /c "${COMMANDS}"` SW_HIDE
    ${If} ${Errors}
      DetailPrint "The firewall rule was not changed."
      ClearErrors
    ${EndIf}
  ${EndIf}
!macroend

!macro customInstall
  ; The program keeps its place in an update, and its rule.
  ${IfNot} ${isUpdated}
    Push $0
    !insertmacro potluckElevated `${POTLUCK_FIREWALL} delete rule ${POTLUCK_RULE} & ${POTLUCK_FIREWALL} add rule ${POTLUCK_RULE} dir=in action=allow profile=domain,private enable=yes`
    Pop $0
  ${EndIf}
!macroend

!macro customUnInstall
  ${IfNot} ${isUpdated}
    Push $0
    !insertmacro potluckElevated `${POTLUCK_FIREWALL} delete rule ${POTLUCK_RULE}`
    Pop $0
    ; What the app has told Windows by itself: that it starts at login, and takes join links.
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${APP_ID}"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" "${APP_ID}"
    DeleteRegKey HKCU "Software\Classes\potluck"
  ${EndIf}
!macroend
